{{ config(materialized='table') }}
with unit_month as (
    select
        u.uscc, u.period, u.generation_mwh, u.carbon_basis, u.is_synthetic, case u.unit_class when 'gas' then 'gas' else 'coal' end as fuel,
        -- the part of the fuel that makes heat is not the grid's
        (u.main_fuel_tco2e + u.startup_oil_tco2e) * (1.0 - coalesce(u.heat_ratio, 0.0)) as tco2,
        left(r.division_code, 2) || '0000' as area,
        row_number() over (partition by u.uscc, u.unit_code, u.period order by r.valid_from desc) as recency
    from {{ ref('int_carbon_market__power_unit_emission') }} as u
    inner join {{ ref('int_current__register') }} as r
        on r.uscc = u.uscc and r.conflict is null and r.valid_from < u.period + interval 1 month
    where u.generation_mwh > 0 and u.main_fuel_tco2e + u.startup_oil_tco2e > 0
),

enterprise_tco2 as (
    select uscc, period, left(division_code, 2) || '0000' as area, sum(emission_tco2e) as tco2, bool_or(is_synthetic) as is_synthetic
    from {{ ref('int_ledger__line') }}
    where method_code = '01-power' and emission_source = 'fuel' and gas = 'CO2' and hold is null and period_grain = 'month'
        and division_code is not null
    group by uscc, period, left(division_code, 2)
    having sum(emission_tco2e) > 0
),

enterprise_mwh as (
    select o.uscc, o.period, sum({{ decimal_of('o.quantity * u.factor', 6, 28) }}) as mwh
    from {{ ref('int_current__output') }} as o
    inner join {{ ref('unit') }} as u on u.unit_key = coalesce(o.reported_unit, 'mwh') and u.dimension = 'electricity'
    where o.item = '发电量' and {{ counts('o') }} and o.period_grain = 'month' and o.months_covered = 1 and o.quantity > 0
    group by o.uscc, o.period
),

observed as (
    select
        1 as rank, 'power_units' as basis, area, period, {{ decimal_of('tco2', 3, 28) }} as tco2,
        {{ decimal_of('generation_mwh', 6, 28) }} as mwh,
        case carbon_basis when 'measured' then 'measured' else 'method_default' end as tier, fuel, is_synthetic
    from unit_month
    where recency = 1
    union all
    select 2, 'power_enterprises', e.area, e.period, cast(e.tco2 as decimal(28, 3)), o.mwh, 'declared', 'coal', e.is_synthetic
    from enterprise_tco2 as e
    inner join enterprise_mwh as o on o.uscc = e.uscc and o.period = e.period
),

grained as (
    select o.*, b.low, b.high, 'month' as grain, o.period as at_period from observed as o inner join {{ ref('grid_bound') }} as b on b.fuel = o.fuel
    union all
    select o.*, b.low, b.high, 'year', make_date(cast(year(o.period) as integer), 1, 1) from observed as o inner join {{ ref('grid_bound') }} as b on b.fuel = o.fuel
),

factor as (
    select
        rank, basis, area, grain, at_period as period, sum(tco2) as tco2, sum(mwh) as mwh,
        cast(sum(tco2) as double) / cast(sum(mwh) as double) as factor,
        case when max(tier) = min(tier) then max(tier) else 'method_default' end as tier, bool_or(is_synthetic) as is_synthetic,
        {{ exact_sum('cast(mwh as double) * low') }} / cast(sum(mwh) as double) as low, {{ exact_sum('cast(mwh as double) * high') }} / cast(sum(mwh) as double) as high
    from grained
    group by rank, basis, area, grain, at_period
    union all
    select
        3, 'energy_balance', e.division_code, 'year', make_date(e.year, 1, 1), cast(sum(e.emission_tco2) as decimal(28, 3)), g.mwh,
        cast(sum(e.emission_tco2) as double) / cast(g.mwh as double), 'method_default', bool_or(e.is_synthetic or g.is_synthetic),
        (select low from {{ ref('grid_bound') }} where fuel = 'coal'), (select high from {{ ref('grid_bound') }} where fuel = 'coal')
    from {{ ref('int_inventory__emission') }} as e
    inner join (
        select division_code, year, cast(quantity as decimal(28, 6)) as mwh, is_synthetic
        from {{ ref('int_inventory__balance_cell') }}
        where fuel_code = 'electricity' and item_code = 'thermal_power' and quantity > 0
    ) as g on g.division_code = e.division_code and g.year = e.year
    where e.factor_set = 'ceads_uniform' and e.sector = 'thermal_power' and e.emission_tco2 is not null
    group by e.division_code, e.year, g.mwh
    having sum(e.emission_tco2) > 0
)

select *, factor between low and high as is_within from factor
