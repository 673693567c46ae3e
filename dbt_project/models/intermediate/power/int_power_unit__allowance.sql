-- Allowance of a power unit's month (allocation plans of 2019-2020, 2021-2022, 2023-2024).
-- 2019-2022: supply x benchmark x Fl (cooling) x Fr (1 - slope x heat ratio) + heat x heat benchmark. The load correction Ff is
-- not in the references: 1. From 2023 on: generation x benchmark + heat x heat benchmark.
-- A year without a benchmark of its own has none: that of another year is not assumed.
with benchmarked as (
    select
        e.uscc, e.unit_code, e.period, e.slice_year, e.heat_gj,
        case when e.slice_year <= 2022 then e.supply_mwh else e.generation_mwh end as benchmark_mwh,
        b.value as benchmark, b.unit as benchmark_unit, b.factor_id as benchmark_id, b.is_unconfirmed as benchmark_unconfirmed,
        h.value as heat_benchmark, h.factor_id as heat_benchmark_id, h.is_unconfirmed as heat_benchmark_unconfirmed,
        coalesce(c.value, 1.0) as cooling_fl,
        1.0 - coalesce(s.value, 0.0) * coalesce(e.heat_ratio, 0.0) as heat_fr
    from {{ ref('int_power_unit__emission') }} as e
    left join {{ ref('int_factor__benchmark') }} as b
        on b.data_year = e.slice_year
        and b.item = case when e.slice_year <= 2022 then 'power_supplied/' else 'power_generated/' end || e.unit_class
    left join {{ ref('int_factor__benchmark') }} as h on h.data_year = e.slice_year and h.item = 'heat/' || e.fuel_kind
    left join {{ ref('power_allowance_coefficient') }} as c
        on c.coefficient = 'cooling_fl' and c.fuel_kind = e.fuel_kind and c.cooling = coalesce(e.cooling, '水冷')
        and e.slice_year between c.year_from and c.year_to
    left join {{ ref('power_allowance_coefficient') }} as s
        on s.coefficient = 'heat_fr_slope' and s.fuel_kind = e.fuel_kind and e.slice_year between s.year_from and s.year_to
)

select
    *,
    case when benchmark is null then 'none' when benchmark_unconfirmed then 'unconfirmed' else 'confirmed' end as benchmark_status,
    case when heat_benchmark is null then 'none' when heat_benchmark_unconfirmed then 'unconfirmed' else 'confirmed' end as heat_benchmark_status,
    case
        when benchmark is null or benchmark_mwh is null or (coalesce(heat_gj, 0.0) > 0.0 and heat_benchmark is null) then 'none'
        when benchmark_unconfirmed or cooling_fl <> 1.0 or heat_fr <> 1.0
            or (coalesce(heat_gj, 0.0) > 0.0 and heat_benchmark_unconfirmed) then 'unconfirmed'
        else 'confirmed'
    end as allowance_status,
    {{ tonnes('(benchmark_mwh * benchmark * cooling_fl * heat_fr + case when coalesce(heat_gj, 0.0) = 0.0 then 0.0 else heat_gj * heat_benchmark end)') }} as allowance_t
from benchmarked
