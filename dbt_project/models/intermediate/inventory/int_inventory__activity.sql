with cell as (
    select c.*, f.is_burned
    from {{ ref('int_inventory__balance_cell') }} as c
    inner join {{ ref('balance_fuel') }} as f on c.fuel_code = f.fuel_code
    where f.canonical_unit in ('t', '1e4 Nm3')
),

-- the row of all households counts only where neither urban nor rural is delivered
split_household as (
    select distinct division_code, year, fuel_code
    from cell
    where item_code in ('urban', 'rural')
),

part as (
    select
        c.division_code,
        c.year,
        s.sector,
        s.item_code,
        s.coal_factor_group,
        c.fuel_code,
        c.unit,
        c.is_burned,
        c.is_converted,
        c.is_synthetic,
        -- inputs to transformation are negative in the balance; an output there burns nothing
        case
            when s.item_code in ('thermal_power', 'heat_supply') then greatest(-c.quantity, 0)
            else s.sign * c.quantity
        end as quantity
    from cell as c
    inner join {{ ref('inventory_sector') }} as s on c.item_code = s.item_code
    left join split_household as h
        on c.division_code = h.division_code and c.year = h.year and c.fuel_code = h.fuel_code
    where c.item_code <> 'household' or h.fuel_code is null
)

select
    p.division_code,
    p.year,
    f.factor_set,
    p.sector,
    min(p.coal_factor_group) as coal_factor_group,
    p.fuel_code,
    cast(sum(
        case
            when p.item_code = 'industry_feedstock'
                then {{ decimal_of('cast(p.quantity as double) * f.feedstock_share', 6) }}
            else cast(p.quantity as decimal(38, 6))
        end
    ) as decimal(38, 6)) as activity_quantity,
    min(p.unit) as activity_unit,
    max(case when p.is_converted then 1 else 0 end) = 1 as is_converted,
    max(case when p.is_synthetic then 1 else 0 end) = 1 as is_synthetic
from part as p
cross join {{ ref('inventory_factor_set') }} as f
left join {{ ref('inventory_fuel_as') }} as a on a.factor_set = f.factor_set and a.fuel_code = p.fuel_code
where p.is_burned or a.fuel_code is not null
group by p.division_code, p.year, f.factor_set, p.sector, p.fuel_code
