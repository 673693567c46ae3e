with factor as (
    select year, fuel_code, factor_value, coal_factor_group from {{ ref('int_inventory__factor') }}
    where factor_set = {{ bridge_setting('factor_set') }}
),

first_row as (
    select division_code, year, item_code, fuel_code, is_synthetic, quantity, unit,
        row_number() over (partition by division_code, year, item_code, fuel_code, is_synthetic order by received_at, batch_id, row_no) as nth,
        count(*) over (partition by division_code, year, item_code, fuel_code, is_synthetic) as vintages
    from {{ ref('stg_energy_balance') }}
),

burned as (
    select c.division_code, c.year, c.fuel_code, r.vintages, s.coal_factor_group,
        case when s.item_code in ('thermal_power', 'heat_supply') then greatest(-c.quantity, 0) else s.sign * c.quantity end
        - case when s.item_code in ('thermal_power', 'heat_supply') then greatest(-{{ decimal_of('r.quantity', 6) }}, 0)
            else s.sign * {{ decimal_of('r.quantity', 6) }} end as revised
    from {{ ref('int_inventory__balance_cell') }} as c
    inner join {{ ref('inventory_sector') }} as s on s.item_code = c.item_code and s.item_code <> 'household'
    inner join first_row as r
        on r.division_code = c.division_code and r.year = c.year and r.item_code = c.item_code and r.fuel_code = c.fuel_code
        and r.is_synthetic = c.is_synthetic and r.nth = 1 and r.unit = c.unit
),

revision as (
    select b.division_code, b.year, max(b.vintages) as vintages,
        coalesce(sum({{ tonnes('cast(b.revised as double) * f.factor_value') }}), 0) as tco2e
    from burned as b
    left join factor as f on f.year = b.year and f.fuel_code = b.fuel_code and f.coal_factor_group in ('all', b.coal_factor_group)
    group by b.division_code, b.year
),

difference as (
    select c.division_code, c.year, sum({{ tonnes('cast(c.quantity as double) * f.factor_value') }}) as tco2e
    from {{ ref('int_inventory__balance_cell') }} as c
    inner join factor as f on f.year = c.year and f.fuel_code = c.fuel_code and f.coal_factor_group in ('all', 'industry')
    where c.item_code in ('balance_difference', 'losses')
    group by c.division_code, c.year
)

select r.division_code, r.year, r.vintages, r.tco2e as revision_tco2e, d.tco2e as difference_tco2e
from revision as r
left join difference as d on d.division_code = r.division_code and d.year = r.year
