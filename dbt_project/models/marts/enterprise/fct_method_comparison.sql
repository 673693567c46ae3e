-- The same activity under the account's own method version and under each other version, and the same fuel under each other default set,
-- with the difference by cause. Alternatives, and the views of power, stand side by side: never sum over them.
{%- set causes = ['ncv', 'carbon_content', 'oxidation', 'composite_factor', 'factor', 'gwp_set', 'boundary', 'one_side_only'] %}
with compared as (
    select
        uscc, slice_year, 'fuel' as emission_source, energy as item, 'CO2' as gas, cast(null as varchar) as electricity_view,
        energy as fuel, fuel_code, activity_quantity, activity_unit, method_code, method_version, base_factor_set, base_gwp_set,
        other_version, other_factor_set, other_gwp_set, base_tco2, other_tco2, ncv_tco2, carbon_content_tco2, oxidation_tco2,
        composite_factor_tco2, 0 as factor_tco2, 0 as gwp_set_tco2, 0 as boundary_tco2, one_side_only_tco2, base_held_back_lines,
        other_held_back_lines, base_worst_rank, other_worst_rank, is_synthetic
    from {{ ref('int_ledger__method_comparison') }}
    union all
    select
        uscc, slice_year, emission_source, item, gas, electricity_view, cast(null as varchar) as fuel, cast(null as varchar) as fuel_code,
        activity_quantity, activity_unit, method_code, method_version, base_factor_set, base_gwp_set, other_version, other_factor_set,
        other_gwp_set, base_tco2, other_tco2, 0 as ncv_tco2, 0 as carbon_content_tco2, 0 as oxidation_tco2, 0 as composite_factor_tco2,
        factor_tco2, gwp_set_tco2, boundary_tco2, one_side_only_tco2, base_held_back_lines, other_held_back_lines, base_worst_rank,
        other_worst_rank, is_synthetic
    from {{ ref('int_ledger__version_comparison') }}
)

select
    cast(c.uscc as varchar) as uscc, make_date(c.slice_year, 1, 1) as period, cast(c.emission_source as varchar) as emission_source,
    cast(c.item as varchar) as item, cast(c.gas as varchar) as gas, cast(c.electricity_view as varchar) as electricity_view,
    cast(c.fuel as varchar) as fuel, cast(c.fuel_code as varchar) as fuel_code,
    cast(c.activity_quantity as double) as activity_quantity, cast(c.activity_unit as varchar) as activity_unit,
    cast(c.method_code as varchar) as method_code,
    cast(c.method_version as varchar) as base_method_version, cast(c.base_factor_set as varchar) as base_factor_set,
    cast(c.base_gwp_set as varchar) as base_gwp_set,
    cast(c.other_version as varchar) as other_method_version, cast(c.other_factor_set as varchar) as other_factor_set,
    cast(c.other_gwp_set as varchar) as other_gwp_set,
    cast(c.base_tco2 as decimal(18, 3)) as base_tco2, cast(c.other_tco2 as decimal(18, 3)) as other_tco2,
    cast(c.other_tco2 - c.base_tco2 as decimal(18, 3)) as difference_tco2,
    {% for cause in causes -%}
    cast(case when c.base_tco2 is not null and c.other_tco2 is not null then c.{{ cause }}_tco2 end as decimal(18, 3)) as {{ cause }}_tco2,
    {% endfor -%}
    cast(c.base_held_back_lines as bigint) as base_held_back_lines, cast(c.other_held_back_lines as bigint) as other_held_back_lines,
    cast(b.tier as varchar) as base_worst_tier, cast(o.tier as varchar) as other_worst_tier,
    {% for side in ['base', 'other'] -%}
    cast(case
        when c.{{ side }}_worst_rank <= 2 then 'reported' when c.{{ side }}_worst_rank < 7 then 'confirmed'
        when c.{{ side }}_worst_rank = 7 then 'unconfirmed'
    end as varchar) as {{ side }}_factor_status,
    {% endfor -%}
    cast(c.is_synthetic as boolean) as is_synthetic
from compared as c
left join {{ ref('factor_tier') }} as b on b.rank = c.base_worst_rank
left join {{ ref('factor_tier') }} as o on o.rank = c.other_worst_rank
order by period, uscc, emission_source, item, gas, electricity_view, base_method_version, base_factor_set, other_method_version, other_factor_set
