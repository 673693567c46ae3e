{{ config(materialized='table') }}
with counted as (
    {% for name in ['energy', 'process', 'power_heat'] -%}
    select 'enterprise_{{ name }}' as source, batch_id, row_no, known_at,
        {% if name == 'energy' %}cast(null as varchar) as item_key, cast(null as double) as quantity{% elif name == 'process' %}role || '|' || item || '|' || stream as item_key, quantity{% else %}carrier || '|' || direction || '|' || origin as item_key, quantity{% endif %},
        uscc, period, unit_code
    from {{ ref('int_current__' ~ name) }}
    where {{ counts() }} and period_grain = 'month' and period >= {{ nowcast_horizon() }}
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}
),

ledger as (
    select
        l.uscc, l.delivery_source as source, l.period, left(l.industry_code, 2) as industry,
        case when l.electricity_view = 'location' then 'purchased_power_location_tco2e' else 'direct_tco2e' end as measure,
        l.own_field, l.emission_common_tco2e as tco2e, c.known_at as known_from,
        c.item_key, c.unit_code, c.quantity, l.factor_value, l.gas, l.is_synthetic,
        case
            when l.activity_quantity * c.quantity < 0 then -1.0 when l.activity_quantity * c.quantity > 0 then 1.0
            when l.emission_source in ('product_deduction', 'co2_recovered') or l.item like '%外供' then -1.0 else 1.0
        end as sign
    from {{ ref('int_ledger__line') }} as l
    inner join counted as c on c.source = l.delivery_source and c.batch_id = l.batch_id and c.row_no = l.row_no
    where l.period_grain = 'month' and l.hold is null and l.division_code is not null
        and (l.electricity_view = 'location' or {{ is_direct('l') }})
),

replaced_energy as (
    select * from (
        {{ row_versions('(select * from ' ~ ref('stg_enterprise_energy') ~ " where period_grain = 'month' and period >= " ~ nowcast_horizon() ~ ') as e', ['uscc', 'period', 'unit_code', 'energy', 'stream']) }}
    ) as v
    where v.known_until is not null
),

activity as (
    select
        {{ combustion_row('r', 'b') }}, b.factor_set, b.oxidation_if_blank,
        case when r.fuel_group = 'coal' then b.unmeasured_coal_code end as unmeasured_code, left(b.industry_code, 2) as industry,
        b.register_is_synthetic
    from replaced_energy as r
    inner join {{ ref('int_ledger__boundary') }} as b
        on b.uscc = r.uscc and b.period = r.period and b.period_grain = r.period_grain
    where r.treatment = 'combustion' and b.hold is null and b.division_code is not null
),

{{ combustion_factored('activity') }},

replaced_fuel as (
    select
        uscc, 'enterprise_energy' as source, period, industry, 'direct_tco2e' as measure, cast(null as varchar) as own_field,
        {{ tonnes('burned * co2_per_unit * fossil') }} as tco2e, known_from, known_until, is_synthetic or register_is_synthetic as is_synthetic
    from factored
    where burned * co2_per_unit * fossil is not null
),

replaced_quantity as (
    select 'enterprise_process' as source, uscc, period, unit_code, role || '|' || item || '|' || stream as item_key, quantity, known_from, known_until
    from (
        {{ row_versions('(select * from ' ~ ref('stg_enterprise_process') ~ " where period_grain = 'month' and period >= " ~ nowcast_horizon() ~ ') as e', ['uscc', 'period', 'unit_code', 'role', 'item', 'stream']) }}
    ) as v
    where v.known_until is not null
    union all
    select 'enterprise_power_heat', uscc, period, unit_code, carrier || '|' || direction || '|' || origin, quantity, known_from, known_until
    from (
        {{ row_versions('(select * from ' ~ ref('stg_enterprise_power_heat') ~ " where period_grain = 'month' and period >= " ~ nowcast_horizon() ~ ') as e', ['uscc', 'period', 'unit_code', 'carrier', 'direction', 'origin']) }}
    ) as v
    where v.known_until is not null
),

valued as (
    select uscc, source, period, industry, measure, own_field, tco2e, known_from, cast(null as timestamp) as known_until, is_synthetic
    from ledger
    union all
    select uscc, source, period, industry, measure, own_field, tco2e, known_from, known_until, is_synthetic
    from replaced_fuel
    union all
    select
        l.uscc, l.source, l.period, l.industry, l.measure, l.own_field,
        {{ tonnes('q.quantity * l.factor_value * l.sign * g.gwp') }}, q.known_from, q.known_until, l.is_synthetic
    from ledger as l
    inner join replaced_quantity as q
        on q.source = l.source and q.uscc = l.uscc and q.period = l.period and q.unit_code = l.unit_code and q.item_key = l.item_key
    cross join {{ of_night('night') }} as n
    inner join {{ ref('int_factor__gwp') }} as g on g.gwp_set = n.common_gwp_set and g.gas = l.gas
    where q.quantity * l.factor_value is not null
)

select
    v.uscc, v.source, v.period, v.measure, {{ line_field('v.own_field', 'f.field') }} as field, v.known_from, v.known_until,
    sum(v.tco2e) as tco2e, bool_or(v.is_synthetic) as is_synthetic
from valued as v
left join {{ ref('field_of_division') }} as f on f.industry_division = v.industry
group by v.uscc, v.source, v.period, v.measure, {{ line_field('v.own_field', 'f.field') }}, v.known_from, v.known_until
