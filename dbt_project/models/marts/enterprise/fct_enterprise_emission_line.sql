-- The ledger at its finest grain: enterprise x unit x period x emission source x item x gas (x electricity view).
select
    cast(line_id as varchar) as line_id, cast(uscc as varchar) as uscc, cast(period as date) as period,
    cast(period_grain as varchar) as period_grain, cast(unit_code as varchar) as unit_code,
    cast(l.division_code as varchar) as division_code, cast(k.prefecture as varchar) as prefecture_code,
    cast(l.industry_code as varchar) as industry_code, cast(k.industry_section as varchar) as industry_section, cast(k.field as varchar) as field,
    cast(method_code as varchar) as method_code, cast(method_version as varchar) as method_version,
    cast(emission_source as varchar) as emission_source, cast(item as varchar) as item, cast(stream as varchar) as stream,
    cast(gas as varchar) as gas, cast(activity_quantity as double) as activity_quantity,
    cast(activity_unit as varchar) as activity_unit, cast(factor_id as varchar) as factor_id,
    cast(factor_value as double) as factor_value, cast(factor_unit as varchar) as factor_unit,
    cast(factor_tier as varchar) as factor_tier, cast(formula as varchar) as formula,
    cast(gas_t as double) as gas_t, cast(gwp_set as varchar) as gwp_set,
    cast(emission_tco2e as decimal(18, 3)) as emission_tco2e,
    cast(emission_common_tco2e as decimal(18, 3)) as emission_common_tco2e,
    cast(electricity_view as varchar) as electricity_view, cast(ets_covered as boolean) as ets_covered,
    cast(internal_transfer as boolean) as internal_transfer, cast(delivery_source as varchar) as source,
    cast(batch_id as varchar) as batch_id, cast(row_no as bigint) as row_no, cast(is_synthetic as boolean) as is_synthetic
from {{ ref('int_ledger__line') }} as l
left join {{ ref('int_ledger__level_code') }} as k
    on k.division_code is not distinct from l.division_code and k.industry_code is not distinct from l.industry_code
    and k.own_field is not distinct from l.own_field
where hold is null and emission_source <> 'energy_only'
order by period, uscc, line_id
