{{ config(materialized='table') }}
with delivered as (
    select
        division_code as area, period_grain as grain, period, coalesce(period_ts, cast(period as timestamp)) as ts,
        'generation' as flow, power_source as partner, generation_mwh as mwh, capacity_mw, months_covered, is_synthetic
    from {{ ref('int_current__grid_generation') }}
    where {{ counts() }}
    union all
    select
        to_division_code, period_grain, period, coalesce(period_ts, cast(period as timestamp)), 'inflow', from_division_code,
        quantity_mwh, cast(null as double), months_covered, is_synthetic
    from {{ ref('int_current__grid_exchange') }}
    where {{ counts() }}
    union all
    select
        from_division_code, period_grain, period, coalesce(period_ts, cast(period as timestamp)), 'outflow', to_division_code,
        quantity_mwh, cast(null as double), months_covered, is_synthetic
    from {{ ref('int_current__grid_exchange') }}
    where {{ counts() }}
),

labelled as (
    select *,
        case flow when 'generation' then 'generation' else 'exchange' end as kind,
        min(case when is_synthetic then 1 else 0 end) over (
            partition by area, year(period), case flow when 'generation' then 'generation' else 'exchange' end
        ) = 0 as has_real
    from delivered
),

-- where a real figure is known for an area and year, synthetic ones stay out
counted as (
    select
        area, grain, period, ts, kind, flow, partner, {{ decimal_of('mwh', 6, 28) }} as mwh,
        {{ decimal_of('capacity_mw', 6, 28) }} as capacity_mw, months_covered, is_synthetic
    from labelled
    where not (has_real and is_synthetic)
),

by_year as (
    select
        area, make_date(cast(year(period) as integer), 1, 1) as period, kind, flow, partner,
        coalesce(sum(case when grain = 'month' then months_covered end), 0) as months,
        count(case when grain = 'year' then 1 end) as years,
        sum(case when grain = 'month' then mwh end) as month_mwh,
        sum(case when grain = 'year' then mwh end) as year_mwh,
        max(case when grain = 'month' and month(period) = 12 then capacity_mw end) as december_mw,
        max(case when grain = 'year' then capacity_mw end) as year_mw,
        bool_or(is_synthetic) as is_synthetic
    from counted
    where grain in ('month', 'year')
    group by area, year(period), kind, flow, partner
),

months_of_area as (
    select area, period, kind, count(distinct month_no) as months
    from (
        select area, make_date(cast(year(period) as integer), 1, 1) as period, kind, unnest(range(month(period) - months_covered + 1, month(period) + 1)) as month_no
        from counted
        where grain = 'month'
    ) as covered
    group by area, period, kind
),

yearly as (
    select
        y.*, y.years > 0 and y.months < 12 as by_the_year,
        coalesce(m.months, 0) >= 12 as all_months,
        min(case when y.years > 0 and y.months < 12 then 1 else 0 end) over (partition by y.area, y.period, y.kind) = 1 as all_by_the_year
    from by_year as y
    left join months_of_area as m on m.area = y.area and m.period = y.period and m.kind = y.kind
)

select 'grid_statistics' as basis, area, grain, period, ts, kind, flow, partner, mwh, capacity_mw, is_synthetic
from counted
where grain = 'hour' or (grain = 'month' and months_covered = 1)
union all
select
    'grid_statistics', area, 'year', period, cast(period as timestamp), kind, flow, partner,
    case when by_the_year then year_mwh else month_mwh end,
    case when by_the_year then year_mw else coalesce(december_mw, year_mw) end, is_synthetic
from yearly
where all_months or all_by_the_year
union all
-- goods out are printed with or without a minus
select
    'energy_balance', division_code, 'year', make_date(year, 1, 1), cast(make_date(year, 1, 1) as timestamp),
    case
        when item_code in ('production', 'recovered', 'thermal_power') then 'generation'
        when item_code in ('inflow', 'import', 'outflow', 'export') then 'exchange' else 'use'
    end,
    case
        when item_code in ('production', 'recovered', 'thermal_power') then 'generation'
        when item_code in ('inflow', 'import') then 'inflow'
        when item_code in ('outflow', 'export') then 'outflow'
        when item_code = 'losses' then 'loss' else 'final_consumption'
    end,
    case item_code when 'production' then '一次电力' when 'recovered' then '回收能' when 'thermal_power' then '火电' else item_code end,
    cast(case when item_code in ('outflow', 'export') then abs(quantity) else quantity end as decimal(28, 6)), null, is_synthetic
from {{ ref('int_inventory__balance_cell') }}
where fuel_code = 'electricity'
    and item_code in ('production', 'recovered', 'thermal_power', 'inflow', 'import', 'outflow', 'export', 'losses', 'final_consumption')
