select
    r.uscc, r.unit_code, r.period, r.period_grain, cast(year(r.period) as bigint) as slice_year,
    r.unit_class, r.capacity_mw, r.cooling,
    coalesce(f.fuel_code, r.fuel) as fuel_code, coalesce(f.fuel_group, r.fuel) as fuel_group,
    coalesce(f.canonical_unit, 't') as fuel_unit,
    r.coal_t as fuel_quantity, r.ncv_gj_per_t as ncv_gj_per_unit, r.carbon_tc_per_t as carbon_tc_per_unit,
    r.oxidation_rate / 100.0 as oxidation_fraction,
    r.startup_oil_t, r.purchased_mwh, r.heat_ratio, r.generation_mwh, r.supply_mwh, r.heat_gj, r.hours,
    r.batch_id, r.row_no, r.received_at, r.is_synthetic, r.content_hash
from {{ source('lake', 'power_unit_month') }} as r
left join {{ ref('fuel') }} as f on f.energy = r.fuel
where {{ known('r') }}
