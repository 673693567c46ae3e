-- Delivered items that should make a line under their method but have no formula or no usable row in the crosswalk: held back and
-- shown. Parameters and figures for information make no line.
with rows_without_factor as (
    select
        r.*, i.role as item_role,
        list_contains(string_split(i.methods, ' '), r.method_code)
            or list_contains(string_split(i.methods, ' '), r.method_code || '@' || r.method_version) as belongs
    from {{ ref('int_ledger__process_row') }} as r
    inner join {{ ref('activity_item') }} as i on i.param_code = r.item
    where not r.is_declared
),

crosswalk as (
    select method_code as method_no, method_version, param_code, max(condition_param_code) as condition_param_code,
        string_agg(condition_values, ' ' order by condition_values) as condition_values
    from {{ ref('process_item') }}
    group by method_code, method_version, param_code
),

-- items that make a line under one method or another
line_items as (
    select param_code from {{ ref('process_item') }}
    union
    select param_code from {{ ref('process_block') }} where block <> 'none'
),

conditions as (
    {{ parameters_of('rows_without_factor', ['mine_gas_class']) }}
),

reasoned as (
    select r.*,
        case
            when r.hold is not null then case when l.param_code is not null or r.item_role <> 'parameter' then r.hold end
            when r.block = 'no_block' then 'no_block'
            when r.block is not null then null
            when x.param_code is null then case when r.belongs and r.item_role <> 'parameter' then 'no_block' end
            when x.condition_param_code = 'mine_gas_class'
                and not coalesce(list_contains(string_split(x.condition_values, ' '), cast(cast(c.mine_gas_class as bigint) as varchar)), false)
                then 'missing_parameter'
        end as reason
    from rows_without_factor as r
    left join crosswalk as x
        on x.param_code = r.item and x.method_no = r.method_no and x.method_version in (r.method_version, '*')
    left join (select distinct param_code from line_items) as l on l.param_code = r.item
    left join conditions as c on c.batch_id = r.batch_id and c.row_no = r.row_no
)

select
    uscc, period, period_grain, slice_year, unit_code,
    case item_role when 'product_carbon' then 'product_deduction' when 'recovered' then 'co2_recovered' else 'process' end as emission_source,
    item, stream, 'no_line' as part, 'CO2' as gas, cast(null as varchar) as electricity_view,
    case when item_role in ('product_carbon', 'recovered') then -1.0 else 1.0 end * quantity as activity_quantity, activity_unit,
    cast(null as varchar) as factor_id, cast(null as double) as factor_value, cast(null as varchar) as factor_unit,
    cast(null as varchar) as factor_tier, cast(null as double) as gas_t, cast(null as varchar) as formula,
    cast(null as double) as energy_tce, reason as hold, 'enterprise_process' as delivery_source, batch_id, row_no, is_synthetic
from reasoned
where reason is not null
