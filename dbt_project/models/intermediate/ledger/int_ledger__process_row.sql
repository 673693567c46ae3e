{{ config(materialized='table') }}
with activity as (
    select
        r.*, b.hold, b.method_code, b.method_no, b.method_version, b.factor_set, b.carbonate_parameter, b.province_code,
        b.national_grid_kind, b.method_electricity, left(b.industry_code, 2) as industry_division,
        r.declared_factor is not null or r.carbon_tc_per_t is not null as is_declared
    {{ version_lines_from('int_current__process', 'c.item in (select param_code from ' ~ ref('process_item') ~ ' where fuel_code is not null)') }}
),

-- items that make anything but CO2, under whichever method
of_other_gas as (
    select param_code from {{ ref('process_item') }} where gas <> 'CO2'
    union
    select b.param_code from {{ ref('process_block') }} as b inner join {{ ref('block_gas') }} as g on g.block = b.block and g.gas <> 'CO2'
),

-- an item is counted in, or taken off, alike under every method that knows it
line_sign as (
    select param_code, min(sign) as sign
    from (
        select param_code, sign from {{ ref('process_item') }}
        union all
        select param_code, sign from {{ ref('process_block') }} where sign <> 0
    ) as signs
    group by param_code
),

judged as (
    select
        a.*, i.role as item_role, o.param_code is not null as is_of_other_gas,
        coalesce(s.sign, case when i.role in ('product_carbon', 'recovered') then -1 when i.param_code is not null then 1 end) as item_sign,
        case
            when a.role in ('过程', '原料', '辅料') then coalesce(i.role in ('product_carbon', 'recovered'), false)
            when a.role in ('产品固碳', '回收') then coalesce(i.role not in ('product_carbon', 'recovered') and coalesce(s.sign, 1) > 0, false)
            else false
        end as role_contradicts
    from activity as a
    left join {{ ref('activity_item') }} as i on i.param_code = a.item
    left join of_other_gas as o on o.param_code = a.item
    left join line_sign as s on s.param_code = a.item
),

chosen as (
    select *,
        row_number() over (
            partition by uscc, period, period_grain, unit_code, item, stream
            order by role_contradicts,
                case role when '过程' then 1 when '原料' then 2 when '辅料' then 3 when '产品固碳' then 4 when '回收' then 5 else 6 end
        ) as role_choice
    from judged
)

select
    a.* exclude (role_choice, role_contradicts) replace (
        case
            when a.hold is not null then a.hold
            when a.role_contradicts then 'role_contradicts_item'
            when a.is_of_other_gas and case when a.declared_factor is not null then a.declared_factor_unit is null else a.carbon_tc_per_t is not null end
                then 'gas_not_named'
        end as hold
    ),
    x.block, cast(x.sign as double) as sign, coalesce(own.factor_item, x.factor_item) as default_item, x.gas_key
from chosen as a
left join {{ ref('process_block') }} as x
    on x.param_code = a.item and x.method_no = a.method_no and x.method_version in (a.method_version, '*')
    and x.industry_division is null
left join {{ ref('process_block') }} as own
    on own.param_code = a.item and own.method_no = a.method_no and own.method_version in (a.method_version, '*')
    and own.industry_division = a.industry_division
where a.role_choice = 1
