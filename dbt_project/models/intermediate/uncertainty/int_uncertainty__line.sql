{{ config(materialized='table') }}
{% set activity_kind = "case when l.emission_source in ('product_deduction', 'co2_recovered') then 'process' else l.emission_source end" -%}
{% set data_basis = "coalesce(e.data_basis, '')" -%}
{% set is_measured = "coalesce(e.parameter_basis, '') = '实测' or l.factor_tier = 'measured'" -%}
{% set amount = "case n.measure when 'ets_direct_tco2e' then l.emission_tco2e else l.emission_common_tco2e end" -%}
select
    n.measure, l.uscc, l.period, l.period_grain, l.slice_year, l.division_code, l.industry_code, l.own_field,
    l.item, l.factor_id, l.factor_tier, l.delivery_source, {{ activity_kind }} as activity_kind, {{ data_basis }} as data_basis,
    {{ is_measured }} as is_measured,
    md5(concat_ws('|', coalesce(l.factor_id, ''), l.factor_tier, l.item, l.delivery_source, {{ activity_kind }}, {{ data_basis }}, cast({{ is_measured }} as varchar))) as kind,
    cast(sum({{ amount }}) as decimal(18, 3)) as amount,
    cast(sum({{ decimal_of('power(cast(' ~ amount ~ ' as double), 2)', 3) }}) as decimal(38, 3)) as squares
from {{ ref('int_ledger__line') }} as l
cross join (
    select 'ets_direct_tco2e' as measure
    {%- for measure in uncertain_measures() %} union all select '{{ measure }}'{% endfor %}
) as n
left join {{ ref('int_current__energy') }} as e
    on e.batch_id = l.batch_id and e.row_no = l.row_no and l.delivery_source = 'enterprise_energy'
where l.hold is null and l.division_code is not null and l.emission_common_tco2e <> 0
    and case n.measure when 'ets_direct_tco2e' then l.ets_covered {% for measure, lines in uncertain_measures().items() %}when '{{ measure }}' then {{ lines }} {% endfor %}end
group by
    n.measure, l.uscc, l.period, l.period_grain, l.slice_year, l.division_code, l.industry_code, l.own_field, l.item, l.factor_id, l.factor_tier,
    l.delivery_source, {{ activity_kind }}, {{ data_basis }}, {{ is_measured }}
