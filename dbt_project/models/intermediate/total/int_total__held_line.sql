{{ config(materialized='table') }}
with own_factor as (
    select uscc, emission_source, item, gas, activity_unit,
        sum(abs(emission_common_tco2e)) as tco2e, sum(abs({{ decimal_of('activity_quantity', 6) }})) as activity
    from {{ ref('int_ledger__line') }}
    where hold is null and emission_source not in ('energy_only', 'biomass_memo') and {{ in_location_view() }}
        and activity_quantity is not null
    group by uscc, emission_source, item, gas, activity_unit
),

fuel_factor as (
    select u.energy, u.canonical_unit, f.co2_t_per_unit
    from {{ ref('fuel') }} as u
    inner join {{ ref('reconciliation_fuel') }} as r on r.fuel_code = u.fuel_code
    inner join {{ ref('balance_fuel') }} as b on b.fuel_code = r.balance_fuel and b.canonical_unit = u.canonical_unit
    inner join {{ ref('inventory_factor') }} as f
        on f.fuel_code = r.balance_fuel and f.factor_set = {{ bridge_setting('factor_set') }} and f.coal_factor_group = 'all'
)

select
    l.line_id,
    case when l.hold not in ('unused_parameter', 'counted_in_other_role') then {{ tonnes(
        "abs(l.activity_quantity) * coalesce(cast(o.tco2e as double) / nullif(cast(o.activity as double), 0.0), f.co2_t_per_unit)"
    ) }} end as tco2e
from {{ ref('int_ledger__line') }} as l
left join own_factor as o
    on o.uscc = l.uscc and o.emission_source = l.emission_source and o.item = l.item and o.gas = l.gas and o.activity_unit = l.activity_unit
left join fuel_factor as f on l.emission_source = 'fuel' and f.energy = l.item and f.canonical_unit = l.activity_unit
where l.hold is not null and {{ in_location_view('l') }}
