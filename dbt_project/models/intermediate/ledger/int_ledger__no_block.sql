with delivered as (
    select r.*, b.hold, b.method_no, b.method_version
    {{ version_lines_from('int_current__process') }}
),

named as (
    select r.*, i.role as item_role
    from delivered as r
    left join {{ ref('activity_item') }} as i on i.param_code = r.item
),

-- items that make a line under one method or another
line_items as (
    select param_code from {{ ref('process_item') }}
    union
    select param_code from {{ ref('process_block') }} where block <> 'none'
)

select
    r.uscc, r.period, r.period_grain, r.slice_year, r.unit_code,
    case coalesce(r.item_role, '') when 'product_carbon' then 'product_deduction' when 'recovered' then 'co2_recovered' else 'process' end
        as emission_source,
    -- two roles of one item are two rows
    r.item, r.stream, 'no_line:' || r.role as part, 'CO2' as gas, cast(null as varchar) as electricity_view,
    case when r.item_role in ('product_carbon', 'recovered') then -1.0 else 1.0 end * r.quantity as activity_quantity, r.activity_unit,
    cast(null as varchar) as factor_id, cast(null as double) as factor_value, cast(null as varchar) as factor_unit,
    cast(null as varchar) as factor_tier, cast(null as double) as gas_t, cast(null as varchar) as formula,
    cast(null as double) as energy_tce,
    case
        when r.hold is not null then r.hold
        when o.row_no is null then 'counted_in_other_role'
        when x.condition_param_code is not null then 'missing_parameter'
        when r.item_role = 'parameter' and l.param_code is null then 'unused_parameter'
        else 'no_block'
    end as hold,
    'enterprise_process' as delivery_source, r.batch_id, r.row_no, r.is_synthetic
from named as r
left join {{ ref('int_ledger__process_row') }} as o on o.uscc = r.uscc and o.batch_id = r.batch_id and o.row_no = r.row_no
left join line_items as l on l.param_code = r.item
left join (
    select method_code, method_version, param_code, max(condition_param_code) as condition_param_code
    from {{ ref('process_item') }}
    group by method_code, method_version, param_code
) as x on x.param_code = r.item and x.method_code = r.method_no and x.method_version in (r.method_version, '*')
