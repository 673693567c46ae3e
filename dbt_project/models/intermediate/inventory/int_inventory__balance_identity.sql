with cell as (
    select
        c.division_code,
        c.year,
        c.fuel_code,
        c.item_code,
        -- deliveries of goods out of the region are printed with or without a minus: both mean less supply
        case
            when c.item_code in ('outflow', 'export', 'bunkers_domestic') then -abs(c.quantity)
            when c.item_code = 'stock_closing' then -c.quantity
            else c.quantity
        end as quantity,
        c.is_synthetic
    from {{ ref('int_inventory__balance_cell') }} as c
),

has_stock_change as (
    select distinct division_code, year, fuel_code
    from cell
    where item_code = 'stock_change'
),

-- the later form has the energy recovered among the transformation rows
later_form as (
    select distinct division_code, year
    from cell
    where item_code in ('secondary_industry', 'tertiary_industry', 'gas_liquefaction')
),

-- 1. subtotal rows against their parts (secondary and tertiary industry are readings of the same rows)
child as (
    select
        c.division_code, c.year, c.fuel_code,
        case when c.item_code = 'recovered' and l.year is not null then 'transformation' else i.parent end as item_code,
        c.quantity, c.is_synthetic
    from cell as c
    inner join {{ ref('balance_item') }} as i on c.item_code = i.item_code
    left join later_form as l on c.division_code = l.division_code and c.year = l.year
    left join has_stock_change as s
        on c.division_code = s.division_code and c.year = s.year and c.fuel_code = s.fuel_code
    where i.parent in ('supply_total', 'transformation', 'final_consumption', 'household')
        and c.item_code not in ('secondary_industry', 'tertiary_industry')
        and (c.item_code not in ('stock_opening', 'stock_closing') or s.fuel_code is null)
    union all
    -- households that are printed by urban and rural only
    select c.division_code, c.year, c.fuel_code, 'final_consumption', c.quantity, c.is_synthetic
    from cell as c
    left join cell as h
        on c.division_code = h.division_code and c.year = h.year and c.fuel_code = h.fuel_code and h.item_code = 'household'
    where c.item_code in ('urban', 'rural') and h.item_code is null
),

-- 2. totals of coal and petroleum products against their components, row by row (not the total consumption, in which
-- what one product becomes of another counts once for the total and twice for its components)
component as (
    select c.division_code, c.year, f.component_of as fuel_code, c.item_code, c.quantity, c.is_synthetic
    from cell as c
    inner join {{ ref('balance_fuel') }} as f on c.fuel_code = f.fuel_code and f.component_of <> ''
    where c.item_code <> 'consumption_total'
),

-- a table that carries no row of supply (nor of the difference) cannot be asked for the difference: what is not carried is not zero
prints_supply as (
    select distinct division_code, year from cell where item_code in ('supply_total', 'balance_difference')
),

-- 3. and 4. terms of one column: balance difference, total consumption (inputs to transformation count, outputs do not)
term as (
    select
        c.division_code, c.year, c.fuel_code, 'balance_difference' as identity, 'balance_difference' as item_code,
        case when c.item_code in ('losses', 'final_consumption') then -c.quantity else c.quantity end as quantity, c.is_synthetic
    from cell as c
    inner join prints_supply as p on c.division_code = p.division_code and c.year = p.year
    where c.item_code in ('supply_total', 'transformation', 'losses', 'final_consumption')
    union all
    select division_code, year, fuel_code, 'consumption_total', 'consumption_total', abs(quantity), is_synthetic
    from cell
    where item_code in ('losses', 'final_consumption')
    union all
    select c.division_code, c.year, c.fuel_code, 'consumption_total', 'consumption_total', -c.quantity, c.is_synthetic
    from cell as c
    inner join {{ ref('balance_item') }} as i on c.item_code = i.item_code
    where i.parent = 'transformation' and c.quantity < 0
),

total_fuel as (
    select fuel_code from {{ ref('balance_fuel') }} where is_total
),

right_side as (
    select division_code, year, fuel_code, 'parts' as identity, item_code, quantity, is_synthetic from child
    union all
    select division_code, year, fuel_code, 'components', item_code, quantity, is_synthetic from component
    union all
    select t.division_code, t.year, t.fuel_code, t.identity, t.item_code, t.quantity, t.is_synthetic
    from term as t
    left join total_fuel as f on t.fuel_code = f.fuel_code
    where t.identity <> 'consumption_total' or f.fuel_code is null
),

right_sum as (
    select
        division_code, year, fuel_code, identity, item_code,
        cast(sum(quantity) as decimal(38, 6)) as quantity,
        count(*) as figures,
        max(case when is_synthetic then 1 else 0 end) as synthetic
    from right_side
    group by division_code, year, fuel_code, identity, item_code
),

-- 5. the grid: generation + inflow - outflow against consumption + loss
grid as (
    select
        division_code, year, fuel_code, 'grid' as identity, 'electricity' as item_code,
        cast(sum(case when item_code in ('losses', 'final_consumption') then quantity else 0 end) as decimal(38, 6)) as left_quantity,
        cast(sum(case when item_code in ('losses', 'final_consumption') then 0 else quantity end) as decimal(38, 6)) as right_quantity,
        count(*) as figures,
        max(case when is_synthetic then 1 else 0 end) as synthetic
    from cell
    where fuel_code = 'electricity'
        and item_code in ('production', 'recovered', 'thermal_power', 'inflow', 'import', 'outflow', 'export', 'losses', 'final_consumption')
    group by division_code, year, fuel_code
)

select
    r.division_code, r.year, r.fuel_code, r.identity, r.item_code,
    -- a balance difference that is not printed is none
    case when r.identity = 'balance_difference' then coalesce(c.quantity, 0) else c.quantity end as left_quantity,
    r.quantity as right_quantity,
    r.figures + 1 as figures,
    r.synthetic = 1 or coalesce(c.is_synthetic, false) as is_synthetic
from right_sum as r
left join cell as c
    on r.division_code = c.division_code and r.year = c.year and r.fuel_code = c.fuel_code and r.item_code = c.item_code
union all
select division_code, year, fuel_code, identity, item_code, left_quantity, right_quantity, figures, synthetic = 1
from grid
