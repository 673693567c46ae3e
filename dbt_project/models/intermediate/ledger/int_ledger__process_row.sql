{{ config(materialized='table') }}
-- The rows of enterprise_process that make lines or carry parameters, an item once whichever role it came in, with the
-- boundary and the formula block of seed `process_block`. A row with a factor or carbon of its own belongs to
-- int_ledger__process (`is_declared`).
with activity as (
    select
        r.*, b.hold, b.method_code, b.method_no, b.method_version, b.factor_set, b.carbonate_parameter, b.province_code,
        b.national_grid_kind, b.method_electricity, left(b.industry_code, 2) as industry_division,
        r.declared_factor is not null or r.carbon_tc_per_t is not null as is_declared,
        row_number() over (
            partition by r.uscc, r.period, r.period_grain, r.unit_code, r.item, r.stream
            order by case r.role when '过程' then 1 when '原料' then 2 when '辅料' then 3 when '产品固碳' then 4 when '回收' then 5 else 6 end
        ) as role_choice
    {{ version_lines_from('int_process__current', 'c.item in (select param_code from ' ~ ref('process_item') ~ ' where fuel_code is not null)') }}
)

select
    a.* exclude (role_choice), x.block, cast(x.sign as double) as sign, coalesce(own.factor_item, x.factor_item) as default_item, x.gas_key
from activity as a
left join {{ ref('process_block') }} as x
    on x.param_code = a.item and x.method_no = a.method_no and x.method_version in (a.method_version, '*')
    and x.industry_division is null
left join {{ ref('process_block') }} as own
    on own.param_code = a.item and own.method_no = a.method_no and own.method_version in (a.method_version, '*')
    and own.industry_division = a.industry_division
where a.role_choice = 1
