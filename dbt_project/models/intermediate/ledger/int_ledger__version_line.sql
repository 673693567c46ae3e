{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail', pre_hook='{{ delete_affected() }}'
) }}
with process_line as (
    {% for block in ['process', 'clinker', 'anode_pfc', 'wastewater', 'mine_gas', 'ceramics', 'reported_gas', 'fluorinated_gas', 'flare_vent', 'grid_loss'] -%}
    select {{ line_columns() }} from {{ ref('int_ledger__' ~ block) }}
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}
),

blocks as (
    select {{ line_columns() }} from {{ ref('int_ledger__combustion') }}
    union all
    select {{ line_columns() }} from {{ ref('int_ledger__purchased_power') }}
    union all
    select {{ line_columns() }} from {{ ref('int_ledger__purchased_heat') }}
    union all
    select * from process_line
    union all
    select {{ line_columns() }}
    from {{ ref('int_ledger__no_block') }} as n
    where not exists (select 1 from process_line as l where l.uscc = n.uscc and l.batch_id = n.batch_id and l.row_no = n.row_no)
        and not exists (select 1 from {{ ref('int_ledger__process_use') }} as u where u.uscc = n.uscc and u.batch_id = n.batch_id and u.row_no = n.row_no)
),

-- units that make what the ETS scope of their method is about (the clinker lines of a cement works)
scope_units as (
    select distinct r.uscc, r.slice_year, r.unit_code
    from {{ ref('int_ledger__process_row') }} as r
    inner join {{ ref('ets_scope') }} as s on s.method_no = r.method_no and starts_with(r.item, s.unit_item_prefix)
    where r.unit_code <> ''
),

-- by-product gas that the enterprise made itself: its carbon came in with another fuel or material
own_gas as (
    select r.batch_id, r.row_no
    from {{ ref('int_current__energy') }} as r
    inner join {{ ref('byproduct_gas') }} as g on g.fuel_code = r.fuel_code
    where r.produced > 0.0 and coalesce(r.purchased, 0.0) = 0.0 and {{ affected('r') }}
),

valued as (
    select
        l.* exclude (uscc), b.account, b.is_account, b.uscc, b.enterprise_name, b.division_code, b.industry_code, b.method_code, b.method_version, b.gwp_set,
        own.gwp as own_gwp, common.gwp as common_gwp, b.register_is_synthetic,
        coalesce(b.in_national_ets, false) and scope.method_no is not null
            and (scope.unit_item_prefix is null or l.unit_code = '' or named.uscc is null or unit.unit_code is not null) as ets_covered,
        own_gas.row_no is not null as internal_transfer
    from blocks as l
    inner join {{ ref('int_ledger__account_version') }} as b
        on b.account = l.uscc and b.period = l.period and b.period_grain = l.period_grain
    cross join {{ of_night('night') }} as n
    left join {{ ref('int_factor__gwp') }} as own on own.gwp_set = b.gwp_set and own.gas = l.gas
    left join {{ ref('int_factor__gwp') }} as common on common.gwp_set = n.common_gwp_set and common.gas = l.gas
    left join {{ ref('ets_scope') }} as scope
        on scope.method_no = b.method_no and scope.emission_source = l.emission_source and scope.gas = l.gas
        and scope.valid_from <= l.period and (scope.valid_to is null or l.period < scope.valid_to)
    left join (select distinct uscc, slice_year from scope_units) as named on named.uscc = l.uscc and named.slice_year = l.slice_year
    left join scope_units as unit on unit.uscc = l.uscc and unit.slice_year = l.slice_year and unit.unit_code = l.unit_code
    left join own_gas on own_gas.batch_id = l.batch_id and own_gas.row_no = l.row_no and l.delivery_source = 'enterprise_energy'
)

select
    md5(concat_ws('|', delivery_source, account, cast(period as varchar), period_grain, unit_code, emission_source, item, stream,
        part, gas, coalesce(electricity_view, ''))) as line_id,
    account, is_account, uscc, enterprise_name, period, period_grain, slice_year, unit_code, division_code, industry_code, method_code, method_version,
    emission_source, item, stream, gas, electricity_view, activity_quantity, activity_unit, factor_id, factor_value, factor_unit,
    factor_tier, formula, energy_tce, gwp_set, ets_covered, internal_transfer,
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
