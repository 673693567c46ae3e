{{ config(materialized='table') }}
with summed as (
    select
        f.basis, f.area, f.grain, f.period, f.ts,
        sum(case when f.flow = 'generation' then f.mwh end) as generation_mwh,
        sum(case when f.flow = 'generation' and s.is_thermal then f.mwh else 0 end) as thermal_mwh,
        sum(case when f.flow = 'generation' and s.is_nonfossil then f.mwh else 0 end) as nonfossil_mwh,
        sum(case when f.flow = 'generation' then f.capacity_mw end) as capacity_mw,
        sum(case when f.flow = 'generation' and s.is_nonfossil then f.capacity_mw else 0 end) as nonfossil_capacity_mw,
        count(case when f.flow = 'generation' and f.capacity_mw is null and f.mwh <> 0 then 1 end) as without_capacity,
        count(case when f.kind = 'exchange' then 1 end) as exchanges,
        sum(case when f.flow = 'inflow' then f.mwh else 0 end) as inflow_mwh,
        sum(case when f.flow = 'outflow' then f.mwh else 0 end) as outflow_mwh,
        cast(sum(case when f.flow = 'inflow' then {{ decimal_of('f.mwh * coalesce(p.value, n.value)', 6, 28) }} else 0 end) as decimal(28, 3)) as inflow_tco2,
        count(case when f.flow = 'inflow' and f.mwh <> 0 and coalesce(p.value, n.value) is null then 1 end) as unknown_inflows,
        max(case when f.flow = 'inflow' then case when p.value is null then 3 when p.tier = 'other_year' then 2 else 1 end end) as inflow_tier_rank,
        sum(case when f.flow = 'final_consumption' then f.mwh end) as balance_consumption_mwh,
        sum(case when f.flow = 'loss' then f.mwh end) as reported_loss_mwh,
        bool_or(f.is_synthetic) as is_synthetic
    from {{ ref('int_grid__fact') }} as f
    left join {{ ref('power_source') }} as s on f.flow = 'generation' and s.power_source = f.partner
    left join {{ ref('int_factor__grid_year') }} as p
        on f.flow = 'inflow' and p.area = f.partner and p.grid_kind = 'average' and p.activity_year = year(f.period)
    left join {{ ref('int_factor__grid_year') }} as n
        on f.flow = 'inflow' and n.area = '000000' and n.grid_kind = 'average' and n.activity_year = year(f.period)
    group by f.basis, f.area, f.grain, f.period, f.ts
),

-- power sold to final users: single months, or the whole year
sold as (
    select division_code as area, 'month' as grain, period, {{ decimal_of('value', 6, 28) }} as mwh, is_synthetic
    from {{ ref('int_statistics__month') }}
    where indicator = '售电量' and industry_code = '' and unit = 'MWh' and months_covered = 1
    union all
    select
        division_code, 'year', make_date(cast(year(period) as integer), 1, 1), sum({{ decimal_of('value', 6, 28) }}),
        bool_or(is_synthetic)
    from {{ ref('int_statistics__month') }}
    where indicator = '售电量' and industry_code = '' and unit = 'MWh'
    group by division_code, year(period)
    having sum(months_covered) = 12
),

-- the fossil power factor of the country is the fallback, by the rule for grid factors
thermal as (
    select t.rank, t.basis, t.area, t.grain, t.period, t.mwh, t.factor, t.tier, t.low, t.high, t.is_within, t.is_synthetic
    from {{ ref('int_grid__thermal') }} as t
    union all
    -- months without a figure of their own use that of their year
    select
        t.rank + 2, t.basis, t.area, 'month', cast(t.period + to_months(cast(m.n as integer)) as date), t.mwh, t.factor, t.tier, t.low, t.high, t.is_within, t.is_synthetic
    from {{ ref('int_grid__thermal') }} as t
    cross join range(12) as m(n)
    where t.grain = 'year'
),

chosen as (
    select
        s.*, t.basis as thermal_basis, t.factor as thermal_factor, t.tier as thermal_tier, t.mwh as thermal_covered_mwh,
        t.low as thermal_low, t.high as thermal_high, t.is_within as thermal_within, t.is_synthetic as thermal_synthetic,
        -- what cannot be is taken only where nothing else is known, and then held
        row_number() over (partition by s.basis, s.area, s.grain, s.ts order by case when t.is_within then 0 else 1 end, t.rank) as choice,
        first_value(t.basis) over (partition by s.basis, s.area, s.grain, s.ts order by t.rank) as best_basis,
        first_value(t.factor) over (partition by s.basis, s.area, s.grain, s.ts order by t.rank) as best_factor
    from summed as s
    left join thermal as t
        on t.area = s.area and t.grain = case s.grain when 'hour' then 'month' else s.grain end
        and t.period = case s.grain when 'hour' then cast(date_trunc('month', s.period) as date) else s.period end
        and (s.basis = 'grid_statistics' or t.basis = 'energy_balance')
    where s.generation_mwh is not null
),

-- the published average of the very year, confirmed before unconfirmed: for comparison, never for a figure
same_year as (
    select area, data_year, value, case when is_unconfirmed then 'unconfirmed' else 'confirmed' end as status,
        row_number() over (partition by area, data_year order by is_unconfirmed, is_synthetic, received_at desc, factor_id) as choice
    from {{ ref('int_factor__current') }}
    where kind = 'grid' and item = 'average' and data_year is not null
),

valued as (
    select
        c.basis, c.area, c.grain, c.period, c.ts, c.generation_mwh, c.thermal_mwh, c.nonfossil_mwh,
        case when c.without_capacity = 0 then c.capacity_mw end as capacity_mw,
        case when c.without_capacity = 0 and c.capacity_mw is not null then c.nonfossil_capacity_mw end as nonfossil_capacity_mw,
        case when c.exchanges > 0 then c.inflow_mwh end as inflow_mwh, case when c.exchanges > 0 then c.outflow_mwh end as outflow_mwh,
        case when c.exchanges > 0 then c.generation_mwh + c.inflow_mwh - c.outflow_mwh end as supply_mwh,
        case when c.exchanges > 0 and c.unknown_inflows = 0 then c.inflow_tco2 end as inflow_tco2,
        case when c.exchanges > 0 then case c.inflow_tier_rank when 1 then 'method_default' when 2 then 'other_year' when 3 then 'wider_area' end end as inflow_tier,
        coalesce(c.balance_consumption_mwh, u.mwh) as final_consumption_mwh, c.reported_loss_mwh,
        coalesce(c.thermal_basis, case when d.value is not null then 'national_fossil_power' end) as thermal_basis,
        coalesce(c.thermal_factor, d.value) as thermal_factor,
        coalesce(c.thermal_tier, case when d.value is not null then 'wider_area' end) as thermal_tier,
        case when c.thermal_basis is null then d.factor_id end as thermal_factor_id, c.thermal_covered_mwh,
        c.thermal_low, c.thermal_high, coalesce(c.thermal_within, true) as thermal_within,
        case when c.best_factor <> c.thermal_factor then c.best_basis end as set_aside_basis,
        case when c.best_factor <> c.thermal_factor then c.best_factor end as set_aside_factor,
        p.value as published_factor, p.data_year as published_data_year, p.tier as published_tier, p.factor_id as published_factor_id,
        y.value as same_year_factor, y.status as same_year_status,
        c.is_synthetic or coalesce(c.thermal_synthetic, false) or (c.balance_consumption_mwh is null and coalesce(u.is_synthetic, false)) as is_synthetic
    from chosen as c
    left join sold as u on c.basis = 'grid_statistics' and u.area = c.area and u.grain = c.grain and u.period = c.period
    left join {{ ref('int_factor__grid_year') }} as d
        on d.area = '000000' and d.grid_kind = 'fossil_power' and d.activity_year = year(c.period)
    left join {{ ref('int_factor__grid_year') }} as p
        on p.area = c.area and p.grid_kind = 'average' and p.activity_year = year(c.period)
    left join same_year as y on y.area = c.area and y.data_year = year(c.period) and y.choice = 1
    where c.choice = 1
),

produced as (
    select *,
        case when thermal_mwh = 0 then 0.0 when thermal_within then cast(thermal_mwh as double) * thermal_factor end as production_tco2,
        case when thermal_mwh = 0 then 0.0 when thermal_within then cast(thermal_mwh as double) * thermal_factor end / nullif(cast(generation_mwh as double), 0.0) as production_factor
    from valued
)

select *,
    cast(outflow_mwh as double) * production_factor as outflow_tco2,
    (production_tco2 + cast(inflow_tco2 as double) - cast(outflow_mwh as double) * production_factor)
        / nullif(case when supply_mwh > 0 then cast(supply_mwh as double) end, 0.0) as consumption_factor,
    supply_mwh - final_consumption_mwh as loss_mwh,
    case
        when production_factor is null and generation_mwh = 0 then 'no_generation'
        when production_factor is null and not thermal_within then 'thermal_out_of_bounds'
        when production_factor is null then 'no_thermal_factor'
        when supply_mwh is null then 'no_exchange'
        when inflow_tco2 is null then 'no_inflow_factor'
        when supply_mwh <= 0 then 'no_supply'
    end as hold_code
from produced
