-- Activity that makes no line yet, with the reason: shown, counted, never taken as zero.
select
    cast(l.line_id as varchar) as line_id, cast(uscc as varchar) as uscc, cast(period as date) as period,
    cast(period_grain as varchar) as period_grain, cast(unit_code as varchar) as unit_code,
    cast(l.division_code as varchar) as division_code, cast(k.prefecture as varchar) as prefecture_code,
    cast(l.industry_code as varchar) as industry_code, cast(k.industry_section as varchar) as industry_section, cast(k.field as varchar) as field,
    cast(method_code as varchar) as method_code, cast(method_version as varchar) as method_version,
    cast(emission_source as varchar) as emission_source, cast(item as varchar) as item, cast(stream as varchar) as stream,
    cast(electricity_view as varchar) as electricity_view, cast(activity_quantity as double) as activity_quantity,
    cast(activity_unit as varchar) as activity_unit, cast(t.tco2e as decimal(18, 3)) as held_back_tco2e, cast(hold as varchar) as reason_code,
    cast(case hold
        when 'no_factor' then '没有可用的缺省因子，也没有申报参数'
        when 'no_fossil_share' then '混合燃料未填化石占比'
        when 'no_quantity' then '没有可用的数量'
        when 'no_register_row' then '报告期内名录中没有该企业的有效记录'
        when 'no_method' then '名录未填核算方法'
        when 'method_not_in_force' then '核算方法代码未知或当期未生效'
        when 'no_gwp' then '该气体没有全球变暖潜势'
        when 'unknown_factor_unit' then '申报排放因子的单位无法识别'
        when 'missing_parameter' then '公式所需的参数没有上报，也没有缺省值'
        when 'exceeds_generated' then '扣减量大于同期产生量，扣减行暂不计'
        when 'negative_balance' then '上报参数使结果为负'
        when 'unknown_reference_temperature' then '气体体积的参比温度不是 0 或 20 摄氏度'
        when 'no_steam_enthalpy' then '以蒸汽量上报热力，但没有焓值，温度和压力也不足以确定'
        when 'steam_state_out_of_range' then '蒸汽温度、压力超出 IAPWS-IF97 第 2 区与饱和线的范围'
        when 'liquid_above_100c' then '以蒸汽量上报，但该温度低于该压力下的饱和温度，不是蒸汽；请核对压力单位（MPa，绝对压力），或改报 GJ 或焓值'
        when 'unknown_gas' then '没有说明是哪种含氟气体或制冷剂（批次或排放单元末尾），或名称无法识别'
        when 'unused_parameter' then '该参数没有被使用：同期同一单元没有用到它的活动，或此核算方法不用它'
        when 'counted_in_other_role' then '同一物料以另一类别上报的数量已计入，本行数量不同，未计入'
        when 'role_contradicts_item' then '类别与物料相反：扣减项报在计入类别，或计入项报在产品固碳、回收；请更正类别（正负由物料决定）'
        when 'gas_not_named' then '该物料排放的不是（或不只是）二氧化碳：申报因子须在单位中写明气体（如 kgN2O/t），含碳量不适用'
        when 'no_block' then '该物料在此核算方法下尚无计算公式或因子'
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
        when 'missing_parameter' then 'a parameter that the formula needs is neither reported nor has a default'
        when 'exceeds_generated' then 'the deductions exceed what was generated in the period: they are held back'
        when 'negative_balance' then 'the reported figures make the result negative'
        when 'unknown_reference_temperature' then 'the reference temperature of the gas volume is neither 0 nor 20 C'
        when 'no_steam_enthalpy' then 'heat is reported as steam without its enthalpy, or a temperature and pressure that determine it'
        when 'steam_state_out_of_range' then 'temperature and pressure of the steam lie outside region 2 and the saturation line of IAPWS-IF97'
        when 'liquid_above_100c' then 'reported as steam, but colder than the saturation temperature of its pressure: check the pressure (MPa, absolute), or report GJ or the enthalpy'
        when 'unknown_gas' then 'the fluorinated gas or refrigerant is not named (by the lot or the end of the unit code), or its name is unknown'
        when 'unused_parameter' then 'the parameter is not used: no activity of the period and unit asks for it, or the method does not use it'
        when 'counted_in_other_role' then 'the item counts with another quantity under another role; this row does not count'
        when 'role_contradicts_item' then 'the role contradicts the item: a deduction under a role that counts in, or the reverse; correct the role (the sign is the item''s)'
        when 'gas_not_named' then 'the item makes another gas than CO2, or others beside it: a declared factor names its gas in its unit (kgN2O/t, say), and a carbon content says nothing of it'
        when 'no_block' then 'no formula or factor for this item under the method yet'
        else hold end as varchar) as reason_en,
    cast(delivery_source as varchar) as source, cast(batch_id as varchar) as batch_id, cast(row_no as bigint) as row_no,
    cast(is_synthetic as boolean) as is_synthetic
from {{ ref('int_ledger__line') }} as l
left join {{ ref('int_ledger__level_code') }} as k
    on k.division_code is not distinct from l.division_code and k.industry_code is not distinct from l.industry_code
    and k.own_field is not distinct from l.own_field
left join {{ ref('int_total__held_line') }} as t on t.line_id = l.line_id
where hold is not null
order by period, uscc, line_id
