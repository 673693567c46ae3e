-- Activity that makes no line yet, with the reason: shown, counted, never taken as zero.
select
    cast(line_id as varchar) as line_id, cast(uscc as varchar) as uscc, cast(period as date) as period,
    cast(period_grain as varchar) as period_grain, cast(unit_code as varchar) as unit_code,
    cast(division_code as varchar) as division_code, cast(industry_code as varchar) as industry_code,
    cast(method_code as varchar) as method_code, cast(method_version as varchar) as method_version,
    cast(emission_source as varchar) as emission_source, cast(item as varchar) as item, cast(stream as varchar) as stream,
    cast(electricity_view as varchar) as electricity_view, cast(activity_quantity as double) as activity_quantity,
    cast(activity_unit as varchar) as activity_unit, cast(hold as varchar) as reason_code,
    cast(case hold
        when 'no_factor' then '没有可用的缺省因子，也没有申报参数'
        when 'no_fossil_share' then '混合燃料未填化石占比'
        when 'no_quantity' then '没有可用的数量'
        when 'no_register_row' then '报告期内名录中没有该企业的有效记录'
        when 'no_method' then '名录未填核算方法'
        when 'method_not_in_force' then '核算方法代码未知或当期未生效'
        when 'no_gwp' then '该气体没有全球变暖潜势'
        when 'unknown_factor_unit' then '申报排放因子的单位无法识别'
        else hold end as varchar) as reason_zh,
    cast(case hold
        when 'no_factor' then 'no default factor and no declared parameters'
        when 'no_fossil_share' then 'a mixed fuel without its fossil share'
        when 'no_quantity' then 'no usable quantity'
        when 'no_register_row' then 'no register row in force for the period'
        when 'no_method' then 'the register names no accounting method'
        when 'method_not_in_force' then 'the accounting method is unknown or not in force'
        when 'no_gwp' then 'no global warming potential for the gas'
        when 'unknown_factor_unit' then 'the unit of the declared factor is unknown'
        else hold end as varchar) as reason_en,
    cast(delivery_source as varchar) as source, cast(batch_id as varchar) as batch_id, cast(row_no as bigint) as row_no,
    cast(is_synthetic as boolean) as is_synthetic
from {{ ref('int_ledger__line') }}
where hold is not null
order by period, uscc, line_id
