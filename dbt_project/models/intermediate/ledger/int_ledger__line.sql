{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail', pre_hook='{{ delete_affected() }}'
) }}
-- The ledger: every line of every block, rounded once, in its method's GWP set and in the common one.
-- Lines that cannot be computed stand here with their activity and `hold`; they carry no tonnes.
with blocks as (
    select {{ line_columns() }} from {{ ref('int_ledger__combustion') }}
    union all
    select {{ line_columns() }} from {{ ref('int_ledger__purchased_power') }}
    union all
    select {{ line_columns() }} from {{ ref('int_ledger__purchased_heat') }}
    union all
    select {{ line_columns() }} from {{ ref('int_ledger__process_line') }}
    union all
    select {{ line_columns() }} from {{ ref('int_ledger__no_block') }}
),

valued as (
    select
        l.*, b.enterprise_name, b.division_code, b.industry_code, b.method_code, b.method_version, b.gwp_set,
        own.gwp as own_gwp, common.gwp as common_gwp, b.register_is_synthetic
    from blocks as l
    inner join {{ ref('int_ledger__boundary') }} as b
        on b.uscc = l.uscc and b.period = l.period and b.period_grain = l.period_grain
    cross join {{ source('registry', 'night') }} as n
    left join {{ ref('int_factor__gwp') }} as own on own.gwp_set = b.gwp_set and own.gas = l.gas
    left join {{ ref('int_factor__gwp') }} as common on common.gwp_set = n.common_gwp_set and common.gas = l.gas
)

select
    md5(concat_ws('|', delivery_source, uscc, cast(period as varchar), period_grain, unit_code, emission_source, item, stream,
        part, gas, coalesce(electricity_view, ''))) as line_id,
    uscc, enterprise_name, period, period_grain, slice_year, unit_code, division_code, industry_code, method_code, method_version,
    emission_source, item, stream, gas, electricity_view, activity_quantity, activity_unit, factor_id, factor_value, factor_unit,
    factor_tier, formula, energy_tce, gwp_set,
    case when final_hold is null then gas_t end as gas_t,
    case when final_hold is null then {{ tonnes('gas_t * own_gwp') }} end as emission_tco2e,
    case when final_hold is null then {{ tonnes('gas_t * common_gwp') }} end as emission_common_tco2e,
    final_hold as hold, delivery_source, batch_id, row_no, is_synthetic or register_is_synthetic as is_synthetic
from (
    select *,
        case
            when hold is not null then hold
            when emission_source <> 'energy_only' and (own_gwp is null or common_gwp is null) then 'no_gwp'
        end as final_hold
    from valued
) as checked
