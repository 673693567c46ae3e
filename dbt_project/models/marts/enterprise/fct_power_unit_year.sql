-- Power units of the carbon market by year: the allowance by the load factor of the year beside the sum of the months, which is provisional.
with monthly as (
    select uscc, unit_code, slice_year, case when count(allowance_t) = count(*) then sum(allowance_t) end as allowance_t
    from {{ ref('int_carbon_market__power_unit_allowance') }}
    group by uscc, unit_code, slice_year
)

select
    cast(e.uscc as varchar) as uscc, cast(e.unit_code as varchar) as unit_code, cast(e.period as date) as period,
    cast(e.unit_class as varchar) as unit_class, cast(e.months as bigint) as months,
    cast(case when e.has_emission then e.emission_tco2e end as decimal(18, 3)) as emission_tco2e,
    cast(e.generation_mwh as double) as generation_mwh, cast(e.supply_mwh as double) as supply_mwh, cast(e.heat_gj as double) as heat_gj,
    cast(e.generation_mwh as double) as load_factor_num, cast(e.capacity_mw * e.hours as double) as load_factor_den,
    cast(e.generation_mwh / nullif(e.capacity_mw * e.hours, 0.0) as double) as load_factor,
    cast(a.benchmark as double) as benchmark,
    cast(case when a.benchmark is null then null when e.slice_year <= 2022 then 'supply' else 'generation' end as varchar) as benchmark_basis,
    cast(a.heat_benchmark as double) as heat_benchmark, cast(a.cooling_fl as double) as cooling_fl, cast(a.heat_fr as double) as heat_fr,
    cast(a.load_coefficient as varchar) as load_coefficient,
    cast(a.load_correction as double) as load_correction, cast(a.allowance_t as decimal(18, 3)) as allowance_t,
    cast(a.allowance_status as varchar) as allowance_status, cast(a.allowance_hold as varchar) as allowance_hold_code,
    cast(m.allowance_t as decimal(18, 3)) as monthly_allowance_t, cast(a.allowance_t - m.allowance_t as decimal(18, 3)) as load_difference_t,
    cast(case when e.has_emission then e.emission_tco2e - a.allowance_t end as decimal(18, 3)) as gap_t,
    cast(case when not e.has_emission then 'no_factor' end as varchar) as hold_code, cast(e.is_synthetic as boolean) as is_synthetic
from {{ ref('int_carbon_market__power_unit_year') }} as e
inner join {{ ref('int_carbon_market__power_unit_allowance_year') }} as a
    on a.uscc = e.uscc and a.unit_code = e.unit_code and a.period = e.period and a.unit_class = e.unit_class
left join monthly as m on m.uscc = e.uscc and m.unit_code = e.unit_code and m.slice_year = e.slice_year
order by e.period, e.uscc, e.unit_code, e.unit_class
