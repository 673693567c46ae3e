-- Power units of the carbon market by month: emission, output, benchmark, allowance and gap. Beside the ledger, never in it.
select
    cast(e.uscc as varchar) as uscc, cast(e.unit_code as varchar) as unit_code, cast(e.period as date) as period,
    cast(e.unit_class as varchar) as unit_class, cast(e.fuel_code as varchar) as fuel,
    cast(e.fuel_quantity as double) as fuel_quantity, cast(e.fuel_unit as varchar) as fuel_unit,
    cast(e.main_factor as double) as fuel_factor, cast(e.carbon_basis as varchar) as carbon_basis,
    cast(e.main_fuel_tco2e as decimal(18, 3)) as main_fuel_tco2e,
    cast(e.startup_oil_tco2e as decimal(18, 3)) as startup_oil_tco2e,
    cast(e.main_fuel_tco2e + e.startup_oil_tco2e as decimal(18, 3)) as fuel_tco2e,
    cast(e.purchased_power_tco2e as decimal(18, 3)) as purchased_power_tco2e,
    cast(e.main_fuel_tco2e + e.startup_oil_tco2e + e.purchased_power_tco2e as decimal(18, 3)) as emission_tco2e,
    cast(e.capacity_mw as double) as capacity_mw, cast(e.hours as double) as hours,
    cast(e.generation_mwh as double) as generation_mwh, cast(e.supply_mwh as double) as supply_mwh,
    cast(e.heat_gj as double) as heat_gj, cast(e.heat_ratio as double) as heat_ratio,
    cast(e.purchased_mwh as double) as purchased_mwh,
    cast(e.generation_mwh as double) as load_factor_num, cast(e.capacity_mw * e.hours as double) as load_factor_den,
    cast(e.generation_mwh / nullif(e.capacity_mw * e.hours, 0.0) as double) as load_factor,
    cast(e.main_fuel_tco2e + e.startup_oil_tco2e as decimal(18, 3)) as intensity_num,
    cast(e.generation_mwh as double) as intensity_den,
    cast(cast(e.main_fuel_tco2e + e.startup_oil_tco2e as double) / nullif(e.generation_mwh, 0.0) as double) as intensity,
    cast(a.benchmark as double) as benchmark, cast(a.benchmark_unit as varchar) as benchmark_unit,
    cast(case when a.benchmark is null then null when e.slice_year <= 2022 then 'supply' else 'generation' end as varchar) as benchmark_basis,
    cast(a.benchmark_status as varchar) as benchmark_status,
    cast(a.heat_benchmark as double) as heat_benchmark, cast(a.heat_benchmark_status as varchar) as heat_benchmark_status,
    cast(a.cooling_fl as double) as cooling_fl, cast(a.heat_fr as double) as heat_fr,
    cast(a.load_coefficient as varchar) as load_coefficient, cast(a.load_correction as double) as load_correction,
    cast(a.allowance_t as decimal(18, 3)) as allowance_t, cast(a.allowance_status as varchar) as allowance_status,
    cast(a.allowance_hold as varchar) as allowance_hold_code,
    cast(e.main_fuel_tco2e + e.startup_oil_tco2e + e.purchased_power_tco2e - a.allowance_t as decimal(18, 3)) as gap_t,
    cast(case when e.main_fuel_tco2e + e.startup_oil_tco2e + e.purchased_power_tco2e is null then 'no_factor' end as varchar) as hold_code,
    cast(e.main_factor_id as varchar) as fuel_factor_id,
    cast(case when coalesce(e.startup_oil_t, 0.0) > 0.0 then e.oil_factor_id end as varchar) as startup_oil_factor_id,
    cast(case when coalesce(e.purchased_mwh, 0.0) > 0.0 then e.grid_factor_id end as varchar) as grid_factor_id,
    cast(a.benchmark_id as varchar) as benchmark_factor_id, cast(a.heat_benchmark_id as varchar) as heat_benchmark_factor_id,
    cast(e.batch_id as varchar) as batch_id, cast(e.row_no as bigint) as row_no, cast(e.is_synthetic as boolean) as is_synthetic
from {{ ref('int_power_unit__emission') }} as e
inner join {{ ref('int_power_unit__allowance') }} as a
    on a.uscc = e.uscc and a.unit_code = e.unit_code and a.period = e.period
order by e.period, e.uscc, e.unit_code
