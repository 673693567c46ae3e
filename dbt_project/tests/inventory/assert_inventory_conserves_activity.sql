-- The sectors of a fuel add up to its leaf cells: final consumption, less the feedstock share, plus thermal and heat inputs.
with split_household as (
    select distinct division_code, year, fuel_code
    from {{ ref('int_inventory__balance_cell') }}
    where item_code in ('urban', 'rural')
),

leaf as (
    select
        c.division_code, c.year, c.fuel_code as fuel, f.is_burned,
        case c.item_code
            when 'industry_feedstock' then 0
            when 'thermal_power' then greatest(-c.quantity, 0)
            when 'heat_supply' then greatest(-c.quantity, 0)
            else c.quantity
        end as burned,
        case when c.item_code = 'industry_feedstock' then c.quantity else 0 end as feedstock
    from {{ ref('int_inventory__balance_cell') }} as c
    inner join {{ ref('balance_fuel') }} as f on c.fuel_code = f.fuel_code and f.canonical_unit not in ('tce', 'GJ', 'MWh') and not f.is_total
    left join split_household as h on h.division_code = c.division_code and h.year = c.year and h.fuel_code = c.fuel_code
    where c.item_code in (
        'agriculture', 'industry', 'industry_feedstock', 'construction', 'transport', 'trade', 'other_services',
        'urban', 'rural', 'thermal_power', 'heat_supply'
    )
    or (c.item_code = 'household' and h.fuel_code is null)
),

expected as (
    select l.division_code, l.year, s.factor_set, l.fuel, sum(l.burned) - sum(l.feedstock) * {{ decimal_of('s.feedstock_share', 6, 9) }} as activity
    from leaf as l
    cross join {{ ref('inventory_factor_set') }} as s
    left join {{ ref('inventory_fuel_as') }} as a on a.factor_set = s.factor_set and a.fuel_code = l.fuel
    where l.is_burned or a.fuel_code is not null
    group by l.division_code, l.year, s.factor_set, s.feedstock_share, l.fuel
),

found as (
    select division_code, year, factor_set, fuel, {{ exact_sum('activity_quantity') }} as activity
    from {{ ref('fct_inventory_year') }}
    where sector <> 'process'
    group by division_code, year, factor_set, fuel
)

select division_code, year, factor_set, fuel, e.activity as expected, f.activity as found
from expected as e
full outer join found as f using (division_code, year, factor_set, fuel)
where e.activity is null or f.activity is null or abs(cast(e.activity as double) - f.activity) > 0.001
