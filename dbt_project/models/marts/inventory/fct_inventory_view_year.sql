-- Both views side by side; they are never mixed and never added.
select
    cast(v.division_code as varchar) as division_code,
    cast(v.year as integer) as year,
    cast(v.factor_set as varchar) as factor_set,
    cast(v.fuel_tco2 as decimal(18, 3)) as fuel_tco2,
    cast(v.process_tco2 as decimal(18, 3)) as process_tco2,
    cast(v.held_back_rows as bigint) as held_back_rows,
    cast(v.held_back_rows = 0 as boolean) as is_complete,
    cast(v.production_tco2 as decimal(18, 3)) as production_tco2,
    cast(v.exchange_basis as varchar) as exchange_basis,
    cast(v.inflow_mwh as double) as inflow_mwh,
    cast(v.inflow_tco2 as decimal(18, 3)) as inflow_tco2,
    cast(v.inflow_tier as varchar) as inflow_factor_tier,
    cast(v.outflow_mwh as double) as outflow_mwh,
    cast(v.own_factor as double) as own_factor,
    cast(v.thermal_basis as varchar) as own_factor_basis,
    cast(v.outflow_tco2 as decimal(18, 3)) as outflow_tco2,
    cast(case when v.hold_code is null then v.production_tco2 + v.inflow_tco2 - v.outflow_tco2 end as decimal(18, 3)) as consumption_tco2,
    cast(v.hold_code as varchar) as hold_code,
    cast(
        case v.hold_code
            when 'held_back' then '火力发电有 ' || cast(v.held_back_power_rows as varchar) || ' 行没有因子而暂不计，调出电量无从扣减，消费侧不给出'
            when 'no_exchange' then '没有交来该年的电力调入调出；没有不等于零，消费侧不给出'
            when 'no_inflow_factor' then '有调入电量而没有可用的送出地因子，消费侧不给出'
            when 'own_factor_out_of_bounds' then '本地火电因子超出物理界限（见电网因子表），调出电量不能折算，消费侧不给出'
            when 'no_own_factor' then '没有本地发电或火电因子，调出电量不能折算，消费侧不给出'
        end as varchar
    ) as reason_zh,
    cast(
        case v.hold_code
            when 'held_back' then cast(v.held_back_power_rows as varchar) || ' rows of thermal power are held back for want of a factor: power sent cannot be taken off, no consumption view'
            when 'no_exchange' then 'power received and sent was not delivered for the year; that is not zero: no consumption view'
            when 'no_inflow_factor' then 'power was received and its sender has no factor: no consumption view'
            when 'own_factor_out_of_bounds' then 'the own factor of thermal power is beyond the bounds of physics (see the grid factors), power sent cannot be valued: no consumption view'
            when 'no_own_factor' then 'the region has no generation or no factor of thermal power, power sent cannot be valued: no consumption view'
        end as varchar
    ) as reason_en,
    cast(v.is_synthetic or v.exchange_is_synthetic as boolean) as is_synthetic
from {{ ref('int_grid__view') }} as v
order by 1, 2, 3
