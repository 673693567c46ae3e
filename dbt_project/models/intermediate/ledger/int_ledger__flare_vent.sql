with activity as (
    select * from {{ ref('int_ledger__process_row') }} where block in ('flare', 'vent') and not is_declared
),

parameters as (
    {{ parameters_of('activity', ['flare_gas_carbon', 'flare_gas_co2_share', 'flare_efficiency', 'vent_ch4_share', 'gas_reference_temp']) }}
),

looked_up as (
    select
        q.*, p.flare_gas_carbon, p.flare_gas_co2_share / 100.0 as co2_share, p.flare_efficiency / 100.0 as efficiency,
        p.vent_ch4_share / 100.0 as ch4_share,
        case when p.gas_reference_temp is not null then '+reported:gas_reference_temp' else '' end as temperature_id,
        case when p.gas_reference_temp <> 0 then 'unknown_reference_temperature' end as temperature_hold,
        ch4.value * 10.0 as ch4_t, ch4.factor_id as ch4_id, ch4.tier as ch4_tier,
        co2.value * 10.0 as co2_t, co2.factor_id as co2_id, co2.tier as co2_tier
    from activity as q
    left join parameters as p on p.batch_id = q.batch_id and p.row_no = q.row_no
    {{ join_factor('ch4', "'coal_mining/ch4/density_0c_101325pa'") }}
    {{ join_factor('co2', "'coal_mining/co2/density_0c_101325pa'") }}
),

parts as (
    select *, 'burned' as part, 'CO2' as gas, 'burned' as pool,
        flare_gas_carbon * coalesce(efficiency, 1.0) * 44.0 / 12.0 as factor,
        'reported:flare_gas_carbon'
            || case when efficiency is null then '+assumed:flare_efficiency=1' else '+reported:flare_efficiency' end || temperature_id as id,
        case when efficiency is null then 'unconfirmed' else 'declared' end as tier,
        'flared gas x carbon x efficiency x 44/12' as formula,
        coalesce(temperature_hold, case when flare_gas_carbon is null then 'missing_parameter' end) as block_hold
    from looked_up
    where block = 'flare'
    union all
    select *, 'co2_of_gas' as part, 'CO2' as gas, 'co2_of_gas' as pool, co2_share * co2_t as factor,
        'reported:flare_gas_co2_share+' || co2_id || temperature_id as id, co2_tier as tier, 'flared gas x CO2 share x density' as formula,
        coalesce(temperature_hold, case when co2_share is null then 'missing_parameter' end) as block_hold
    from looked_up
    where block = 'flare'
    union all
    select *, 'vented' as part, 'CH4' as gas, 'vented' as pool, ch4_share * ch4_t as factor,
        'reported:vent_ch4_share+' || ch4_id || temperature_id as id, ch4_tier as tier, 'vented gas x CH4 share x density' as formula,
        coalesce(temperature_hold, case when ch4_share is null then 'missing_parameter' end) as block_hold
    from looked_up
    where block = 'vent'
)

{{ process_lines('parts') }}
