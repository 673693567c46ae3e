{{ config(materialized='table') }}
with row_of_industry as (
    select c.division_code, c.year, c.fuel_code, c.quantity, c.is_synthetic
    from {{ ref('int_inventory__balance_cell') }} as c
    where c.item_code = 'industry'
),

told as (
    select
        t.division_code, t.year, t.fuel_code, t.sector,
        sum(case when t.role = 'final' then t.quantity else 0 end) as final_quantity,
        sum(case when t.role = 'feedstock' then t.quantity else 0 end) as feedstock_quantity,
        max(case when t.is_synthetic then 1 else 0 end) = 1 as is_synthetic
    from {{ ref('int_inventory__sector_table') }} as t
    inner join row_of_industry as r
        on r.division_code = t.division_code and r.year = t.year and r.fuel_code = t.fuel_code and (r.is_synthetic or not t.is_synthetic)
    where t.left_out is null
    group by t.division_code, t.year, t.fuel_code, t.sector
),

-- feedstock by sector without any final use by sector splits nothing
split as (
    select
        division_code, year, fuel_code, cast(sum(final_quantity) as decimal(38, 6)) as final_quantity,
        max(case when is_synthetic then 1 else 0 end) = 1 as is_synthetic
    from told
    group by division_code, year, fuel_code
    having sum(final_quantity) <> 0
),

industry as (
    select a.*, s.final_quantity as told_quantity, s.is_synthetic as table_is_synthetic, r.quantity as row_quantity, f.feedstock_share
    from {{ ref('int_inventory__activity') }} as a
    inner join split as s on s.division_code = a.division_code and s.year = a.year and s.fuel_code = a.fuel_code
    inner join row_of_industry as r on r.division_code = a.division_code and r.year = a.year and r.fuel_code = a.fuel_code
    inner join {{ ref('inventory_factor_set') }} as f on f.factor_set = a.factor_set
    where a.sector = 'industry'
),

part as (
    select
        i.division_code, i.year, i.factor_set, t.sector, i.coal_factor_group, i.fuel_code, i.is_converted, t.final_quantity,
        {{ decimal_of('cast(t.feedstock_quantity as double) * i.feedstock_share', 6) }} as deducted, i.activity_unit,
        i.is_synthetic or t.is_synthetic as is_synthetic
    from industry as i
    inner join told as t on t.division_code = i.division_code and t.year = i.year and t.fuel_code = i.fuel_code
),

deducted as (
    select division_code, year, factor_set, fuel_code, sum(deducted) as deducted
    from part
    group by division_code, year, factor_set, fuel_code
),

rest as (
    -- activity = row of industry - feedstock share; what is left of each part after the sectors
    select
        i.division_code, i.year, i.factor_set, 'industry_unsplit' as sector, i.coal_factor_group, i.fuel_code,
        i.row_quantity - i.told_quantity as activity_quantity, i.activity_unit, i.is_converted, i.is_synthetic or i.table_is_synthetic as is_synthetic
    from industry as i
    union all
    select
        i.division_code, i.year, i.factor_set, 'industry_feedstock', i.coal_factor_group, i.fuel_code,
        i.activity_quantity - i.row_quantity + d.deducted, i.activity_unit, i.is_converted, i.is_synthetic or i.table_is_synthetic
    from industry as i
    inner join deducted as d
        on d.division_code = i.division_code and d.year = i.year and d.factor_set = i.factor_set and d.fuel_code = i.fuel_code
)

select
    a.division_code, a.year, a.factor_set, a.sector, a.sector as sector_group, a.coal_factor_group, a.fuel_code,
    cast(a.activity_quantity as decimal(38, 6)) as activity_quantity, a.activity_unit, a.is_converted, a.is_synthetic
from {{ ref('int_inventory__activity') }} as a
left join split as s on s.division_code = a.division_code and s.year = a.year and s.fuel_code = a.fuel_code
where a.sector <> 'industry' or s.fuel_code is null
union all
select
    p.division_code, p.year, p.factor_set, p.sector, 'industry', p.coal_factor_group, p.fuel_code,
    cast(p.final_quantity - p.deducted as decimal(38, 6)), p.activity_unit, p.is_converted, p.is_synthetic
from part as p
union all
select
    r.division_code, r.year, r.factor_set, r.sector, 'industry', r.coal_factor_group, r.fuel_code,
    cast(r.activity_quantity as decimal(38, 6)), r.activity_unit, r.is_converted, r.is_synthetic
from rest as r
where r.activity_quantity <> 0
