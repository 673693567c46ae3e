{#
  The allowance of a power unit over a month or a year (allocation plans of 2019-2020, 2021-2022, 2023-2024): `relation` has one row a unit and period.
  2019-2022: supply x benchmark x Fl (cooling) x Fr (1 - slope x heat ratio) x Ff (load) + heat x heat benchmark.
  2023-2024: generation x benchmark x Fpeak (load) + heat x heat benchmark. The load is generation / (capacity x hours); where it
  cannot be told the correction is 1, the least that a unit can get.
  A year without a benchmark of its own has none: that of another year is not assumed.
#}
{% macro power_allowance(relation) -%}
with units as (
    select *,
        generation_mwh / nullif(capacity_mw * hours, 0.0) as load_fraction,
        coalesce(heat_gj, 0.0) > 0.0 or coalesce(heat_ratio, 0.0) > 0.0 as supplies_heat
    from {{ relation }}
),

-- the correction rule of the year and class, and the branch of it that the load falls in
corrected as (
    select
        e.uscc, e.unit_code, e.period, e.unit_class, max(c.coefficient) as load_coefficient,
        max(case when (c.load_from is null or c.load_from <= e.load_fraction) and (c.load_to is null or e.load_fraction < c.load_to)
            then (c.base_value + c.linear_slope * (c.linear_from - 100.0 * e.load_fraction))
                * power(c.power_base, c.power_offset - c.power_slope * e.load_fraction) end) as load_value
    from units as e
    inner join {{ ref('power_load_correction') }} as c
        on e.slice_year between c.year_from and c.year_to and c.fuel_kind = e.fuel_kind
        and (c.unit_class is null or c.unit_class = e.unit_class) and not (c.condensing_only and e.supplies_heat)
    group by e.uscc, e.unit_code, e.period, e.unit_class
),

benchmarked as (
    select
        e.uscc, e.unit_code, e.period, e.unit_class, e.slice_year, e.heat_gj,
        case when e.slice_year <= 2022 then e.supply_mwh else e.generation_mwh end as benchmark_mwh,
        b.value as benchmark, b.unit as benchmark_unit, b.factor_id as benchmark_id, b.is_unconfirmed as benchmark_unconfirmed,
        h.value as heat_benchmark, h.factor_id as heat_benchmark_id, h.is_unconfirmed as heat_benchmark_unconfirmed,
        coalesce(c.value, 1.0) as cooling_fl,
        1.0 - coalesce(s.value, 0.0) * coalesce(e.heat_ratio, 0.0) as heat_fr,
        l.load_coefficient, coalesce(l.load_value, 1.0) as load_correction,
        l.load_coefficient is not null and l.load_value is null as load_unknown
    from units as e
    left join corrected as l on l.uscc = e.uscc and l.unit_code = e.unit_code and l.period = e.period and l.unit_class = e.unit_class
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
        when allowance_hold is not null then 'none'
        when benchmark_unconfirmed or cooling_fl <> 1.0 or heat_fr <> 1.0 or load_correction <> 1.0 or load_unknown
            or (coalesce(heat_gj, 0.0) > 0.0 and heat_benchmark_unconfirmed) then 'unconfirmed'
        else 'confirmed'
    end as allowance_status,
    {{ tonnes('(benchmark_mwh * benchmark * cooling_fl * heat_fr * load_correction + case when coalesce(heat_gj, 0.0) = 0.0 then 0.0 else heat_gj * heat_benchmark end)') }} as allowance_t
from (
    -- why there is no allowance
    select *,
        case
            when benchmark is null then 'no_benchmark'
            when benchmark_mwh is null then case when slice_year <= 2022 then 'no_supply' else 'no_generation' end
            when coalesce(heat_gj, 0.0) > 0.0 and heat_benchmark is null then 'no_heat_benchmark'
        end as allowance_hold
    from benchmarked
) as held
{%- endmacro %}

{# A sum that is unknown where an addend is. #}
{% macro whole_sum(x) -%}
case when count({{ x }}) = count(*) then {{ exact_sum(x, decimals=6) }} end
{%- endmacro %}
