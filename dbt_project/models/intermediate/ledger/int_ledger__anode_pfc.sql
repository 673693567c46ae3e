with activity as (
    select * from {{ ref('int_ledger__process_row') }} where block = 'anode_pfc'
),

parameters as (
    {{ parameters_of('activity', ['anode_net_consumption', 'anode_gross_consumption', 'anode_sulphur', 'anode_ash', 'ae_minutes']) }}
),

looked_up as (
    select
        q.*,
        coalesce(p.anode_net_consumption, p.anode_gross_consumption * (1.0 - butt.value), net.value) as net_consumption,
        case
            when p.anode_net_consumption is not null then 'reported:anode_net_consumption'
            when p.anode_gross_consumption * (1.0 - butt.value) is not null then 'reported:anode_gross_consumption+' || butt.factor_id
            else net.factor_id
        end as net_id,
        case
            when p.anode_net_consumption is not null then 'declared'
            when p.anode_gross_consumption * (1.0 - butt.value) is not null then butt.tier
            else net.tier
        end as net_tier,
        coalesce(p.anode_sulphur / 100.0, sulphur.value) as sulphur_share,
        case when p.anode_sulphur is not null then 'reported:anode_sulphur' else sulphur.factor_id end as sulphur_id,
        case when p.anode_sulphur is not null then 'declared' else sulphur.tier end as sulphur_tier,
        coalesce(p.anode_ash / 100.0, ash.value) as ash_share,
        case when p.anode_ash is not null then 'reported:anode_ash' else ash.factor_id end as ash_id,
        case when p.anode_ash is not null then 'declared' else ash.tier end as ash_tier,
        p.ae_minutes,
        slope.value as slope_value, slope.factor_id as slope_id, slope.tier as slope_tier,
        ratio.value as ratio_value, ratio.factor_id as ratio_id, ratio.tier as ratio_tier,
        cf4.value as cf4_value, cf4.factor_id as cf4_id, cf4.tier as cf4_tier,
        c2f6.value as c2f6_value, c2f6.factor_id as c2f6_id, c2f6.tier as c2f6_tier
    from activity as q
    left join parameters as p on p.batch_id = q.batch_id and p.row_no = q.row_no
    {{ join_factor('net', "'aluminium/carbon_anode/net_consumption'") }}
    {{ join_factor('butt', "'aluminium/carbon_anode/butt_loss_rate'") }}
    {{ join_factor('sulphur', "'aluminium/carbon_anode/sulphur_content'") }}
    {{ join_factor('ash', "'aluminium/carbon_anode/ash_content'") }}
    {{ join_factor('slope', "'aluminium/anode_effect/slope_cf4'") }}
    {{ join_factor('ratio', "'aluminium/anode_effect/ratio_c2f6_to_cf4'") }}
    {{ join_factor('cf4', "'aluminium/anode_effect/emission_factor_cf4'") }}
    {{ join_factor('c2f6', "'aluminium/anode_effect/emission_factor_c2f6'") }}
),

parts as (
    select *, 'anode' as part, 'CO2' as gas, 'anode' as pool,
        net_consumption * (1.0 - sulphur_share - ash_share) * 44.0 / 12.0 as factor,
        concat_ws('+', net_id, sulphur_id, ash_id) as id,
        {{ worse_tier(worse_tier('net_tier', 'sulphur_tier'), 'ash_tier') }} as tier,
        'aluminium x net anode consumption x (1 - S - ash) x 44/12' as formula, cast(null as varchar) as block_hold
    from looked_up
    -- a declared factor of the aluminium stands for its anode line (int_ledger__process)
    where not is_declared
    union all
    select *, 'anode_effect' as part, 'CF4' as gas, 'anode_effect' as pool,
        case when ae_minutes is not null then slope_value * ae_minutes else cf4_value end / 1000.0 as factor,
        case when ae_minutes is not null then 'reported:ae_minutes+' || slope_id else cf4_id end as id,
        case when ae_minutes is not null then slope_tier else cf4_tier end as tier,
        case when ae_minutes is not null then 'aluminium x slope x anode-effect minutes' else 'aluminium x default CF4' end as formula,
        cast(null as varchar) as block_hold
    from looked_up
    union all
    select *, 'anode_effect' as part, 'C2F6' as gas, 'anode_effect' as pool,
        case when ae_minutes is not null then slope_value * ae_minutes * ratio_value else c2f6_value end / 1000.0 as factor,
        case when ae_minutes is not null then 'reported:ae_minutes+' || slope_id || '+' || ratio_id else c2f6_id end as id,
        case when ae_minutes is not null then {{ worse_tier('slope_tier', 'ratio_tier') }} else c2f6_tier end as tier,
        case when ae_minutes is not null then 'aluminium x slope x anode-effect minutes x C2F6/CF4' else 'aluminium x default C2F6' end
            as formula,
        cast(null as varchar) as block_hold
    from looked_up
)

{{ process_lines('parts') }}
