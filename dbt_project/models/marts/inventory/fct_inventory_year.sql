select
    cast(e.division_code as varchar) as division_code,
    cast(e.year as integer) as year,
    cast(e.factor_set as varchar) as factor_set,
    cast(e.sector as varchar) as sector,
    cast(s.sector_zh as varchar) as sector_zh,
    cast(s.sector_en as varchar) as sector_en,
    cast(e.sector_group as varchar) as sector_group,
    cast(s.ceads_sector as varchar) as ceads_sector,
    cast(s.field as varchar) as field,
    cast(e.fuel as varchar) as fuel,
    cast(coalesce(f.name_zh, p.name_zh) as varchar) as fuel_zh,
    cast(e.activity_quantity as double) as activity_quantity,
    cast(e.activity_unit as varchar) as activity_unit,
    cast(e.factor_value as double) as factor_value,
    cast('tCO2/' || e.activity_unit as varchar) as factor_unit,
    cast(coalesce(e.factor_status, 'missing') as varchar) as factor_status,
    cast(e.factor_id as varchar) as factor_id,
    cast(
        '替代：按' || c.name_zh || '的单位热值含碳量与碳氧化率、部署方给定的热值计算，未经确认' as varchar
    ) as substitution_zh,
    cast(
        'substituted: carbon content and oxidation of ' || e.substitution || ' with the calorific value that the deployment named; unconfirmed' as varchar
    ) as substitution_en,
    cast(a.counted_as as varchar) as counted_as,
    cast(a.reason_zh as varchar) as counted_as_zh,
    cast(a.reason_en as varchar) as counted_as_en,
    cast(e.emission_tco2 as decimal(18, 3)) as emission_tco2,
    cast(e.is_held_back as boolean) as is_held_back,
    cast(e.held_back_reason_zh as varchar) as held_back_reason_zh,
    cast(e.held_back_reason_en as varchar) as held_back_reason_en,
    cast(e.has_balance as boolean) as has_balance,
    cast(e.is_converted as boolean) as is_converted,
    cast(e.is_synthetic as boolean) as is_synthetic
from {{ ref('int_inventory__leaf_emission') }} as e
left join {{ ref('inventory_leaf_sector') }} as s on e.sector = s.sector
left join {{ ref('balance_fuel') }} as f on e.fuel = f.fuel_code
left join {{ ref('inventory_activity') }} as p on e.sector = 'process' and e.fuel = p.activity
left join (select fuel_code, min(energy) as name_zh from {{ ref('fuel') }} group by fuel_code) as c on e.substitution = c.fuel_code
left join {{ ref('inventory_fuel_as') }} as a on e.sector <> 'process' and e.factor_set = a.factor_set and e.fuel = a.fuel_code
