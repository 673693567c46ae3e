with activity as (
    select * from {{ ref('int_ledger__process_row') }} where block in ('mine_gas_ch4', 'mine_gas_co2') and not is_declared
),

parameters as (
    {{ parameters_of('activity', ['gas_reference_temp', 'flare_efficiency']) }}
),

densities as (
    select
        q.*, p.flare_efficiency / 100.0 as efficiency,
        coalesce(p.gas_reference_temp, u.ch4_reference_temp_c, 20) as temperature,
        p.gas_reference_temp is not null as temperature_reported,
        cold.value as ch4_cold, cold.factor_id as ch4_cold_id, cold.tier as ch4_cold_tier,
        warm.value as ch4_warm, warm.factor_id as ch4_warm_id, warm.tier as ch4_warm_tier,
        co2.value as co2_cold, co2.factor_id as co2_id, co2.tier as co2_tier
    from activity as q
    left join parameters as p on p.batch_id = q.batch_id and p.row_no = q.row_no
    left join {{ ref('unit') }} as u on u.unit_key = q.reported_unit and u.dimension = 'gas_volume'
    {{ join_factor('cold', "'coal_mining/ch4/density_0c_101325pa'") }}
    {{ join_factor('warm', "'coal_mining/ch4/density_20c_101325pa'") }}
    {{ join_factor('co2', "'coal_mining/co2/density_0c_101325pa'") }}
),

-- kg/m3 x 10 = t per 1e4 m3
factored as (
    select *,
        10.0 * case temperature when 0 then ch4_cold when 20 then ch4_warm end as ch4_t,
        case temperature when 0 then ch4_cold_id else ch4_warm_id end as ch4_id,
        case temperature when 0 then ch4_cold_tier else ch4_warm_tier end as ch4_tier,
        -- ideal gas: from 0 C to 20 C
        10.0 * case temperature when 0 then co2_cold when 20 then co2_cold * 273.15 / 293.15 end as co2_t,
        case when temperature_reported then 'reported:gas_reference_temp+' else '' end as temperature_id,
        case when temperature not in (0, 20) then 'unknown_reference_temperature' end as block_hold
    from densities
),

parts as (
    select *, '' as part, 'CH4' as gas, 'mine_gas' as pool, ch4_t as factor, temperature_id || ch4_id as id, ch4_tier as tier,
        case when sign < 0 then '- CH4 volume used or flared x density' else 'CH4 volume x density' end as formula
    from factored
    where block = 'mine_gas_ch4'
    union all
    select *, '' as part, 'CO2' as gas, 'ventilated' as pool, co2_t as factor, temperature_id || co2_id as id, co2_tier as tier,
        'CO2 volume x density' as formula
    from factored
    where block = 'mine_gas_co2'
    union all
    select * replace (1.0 as sign), 'flare' as part, 'CO2' as gas, 'flare' as pool,
        -- complete combustion where no efficiency is reported
        ch4_t * coalesce(efficiency, 1.0) * 44.0 / 16.0 as factor,
        temperature_id || ch4_id
            || case when efficiency is null then '+assumed:flare_efficiency=1' else '+reported:flare_efficiency' end as id,
        case when efficiency is null then 'unconfirmed' else ch4_tier end as tier,
        'CH4 volume flared x density x efficiency x 44/16' as formula
    from factored
    where item = 'ch4_flared'
)

{{ process_lines('parts') }}
