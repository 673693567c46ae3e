{{ config(materialized='table') }}
with pair as (
    select
        coalesce(a.division_code, b.division_code) as division_code, coalesce(a.year, b.year) as year,
        coalesce(a.division_code, b.division_code) || ':' || coalesce(a.factor_set, b.factor_set) || ':' || coalesce(a.sector, b.sector) || ':' || coalesce(a.fuel, b.fuel) as code,
        a.division_code is null as is_gone, b.division_code is null as is_new,
        coalesce(a.emission_tco2, 0) - coalesce(b.emission_tco2, 0) as change,
        b.emission_tco2 as before_tco2, a.activity_quantity, b.activity_quantity as before_quantity, a.factor_value, b.factor_value as before_factor_value,
        string_split(coalesce(a.factor_id, '') || '+' || coalesce(b.factor_id, ''), '+') as factor_ids,
        coalesce(a.is_synthetic, b.is_synthetic) as is_synthetic
    from {{ ref('fct_inventory_year') }} as a
    full outer join {{ ref('stg_before__inventory_year') }} as b
        on b.division_code = a.division_code and b.year = a.year and b.factor_set = a.factor_set and b.sector = a.sector and b.fuel = a.fuel
    where coalesce(a.emission_tco2, 0) <> coalesce(b.emission_tco2, 0)
),

known_year as (
    select distinct division_code, year from {{ ref('stg_before__inventory_year') }}
),

split as (
    select p.*, k.division_code is not null as had_balance,
        exists (select 1 from {{ ref('int_restatement__factor') }} as f where list_contains(p.factor_ids, f.factor_id)) as has_moved_factor,
        case
            when p.before_factor_value is null and not p.is_new then 0   -- it stood there without a factor
            when p.factor_value is null and not p.is_gone then 0
            when p.is_new or p.is_gone or p.factor_value = p.before_factor_value or p.before_quantity = 0.0 then p.change
            when p.activity_quantity = p.before_quantity then 0
            else {{ tonnes('cast(p.before_tco2 as double) * (p.activity_quantity / p.before_quantity)') }} - p.before_tco2
        end as activity_effect
    from pair as p
    left join known_year as k on k.division_code = p.division_code and k.year = p.year
)

select code, year, cause, cast(delta_tco2e as decimal(18, 3)) as delta_tco2e, is_synthetic
from (
    select code, year, activity_effect as delta_tco2e, is_synthetic,
        case when not had_balance then 'late_data' when (is_new or is_gone) and not pair.same_code then 'method' else 'statistic_revised' end as cause
    from split cross join {{ ref('stg_registry__release_pair') }} as pair
    union all
    select code, year, change - activity_effect, is_synthetic,
        case when has_moved_factor or pair.same_code then 'factor' else 'method' end
    from split cross join {{ ref('stg_registry__release_pair') }} as pair
) as effect
where delta_tco2e <> 0
