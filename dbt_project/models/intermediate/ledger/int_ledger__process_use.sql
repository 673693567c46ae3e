{{ config(materialized='table') }}
with activities as (
    select uscc, period, period_grain, unit_code, block, method_no, method_version, item
    from {{ ref('int_ledger__process_row') }}
    where block not in ('none', 'no_block')
    union all
    select r.uscc, r.period, r.period_grain, r.unit_code, x.block, r.method_no, r.method_version, r.item
    from {{ ref('int_ledger__process_row') }} as r
    inner join {{ ref('process_item') }} as x
        on x.param_code = r.item and x.method_code = r.method_no and x.method_version in (r.method_version, '*')
    union all
    select h.uscc, h.period, h.period_grain, h.unit_code, 'steam' as block, null, null, null
    from {{ ref('int_current__power_heat') }} as h
    where h.carrier = '热力' and h.quantity is null and h.steam_t is not null and {{ counts('h') }}
        and {{ affected('h') }}
    union all
    select f.uscc, f.period, f.period_grain, f.unit_code,
        case when f.carbon_tc_per_t is not null then 'coal_carbon' else 'jet_fuel' end as block, null, null, null
    from {{ ref('int_ledger__fuel_parameter') }} as f
    where f.carbon_tc_per_t is not null or f.fossil_fraction is not null
),

parameters_read as (
    select a.uscc, a.period, a.period_grain, a.unit_code, b.param_code
    from activities as a
    inner join {{ ref('block_parameter') }} as b on b.block = a.block
    union
    select a.uscc, a.period, a.period_grain, a.unit_code, p.param_code
    from activities as a
    inner join (
        select param_code as item, method_code, method_version, ratio_param_code as param_code from {{ ref('process_item') }}
        union
        select param_code as item, method_code, method_version, condition_param_code as param_code from {{ ref('process_item') }}
    ) as p on p.item = a.item and p.method_code = a.method_no and p.method_version in (a.method_version, '*')
    where p.param_code is not null
),

uses as (
    select r.uscc, r.batch_id, r.row_no, 'information' as used_as
    from {{ ref('int_ledger__process_row') }} as r
    where r.block = 'none'
    union all
    select r.uscc, r.batch_id, r.row_no, 'parameter' as used_as
    from {{ ref('int_ledger__process_row') }} as r
    inner join parameters_read as p
        on p.uscc = r.uscc and p.period = r.period and p.period_grain = r.period_grain and p.param_code = r.item
        and r.unit_code in (p.unit_code, '')
    union all
    select r.uscc, r.batch_id, r.row_no, 'yields' as used_as
    from {{ ref('int_ledger__process_row') }} as r
    inner join {{ ref('process_item') }} as x
        on x.param_code = r.item and x.method_code = r.method_no and x.method_version in (r.method_version, '*')
    inner join {{ ref('int_ledger__process_row') }} as o
        on o.uscc = r.uscc and o.period = r.period and o.period_grain = r.period_grain and o.unit_code = r.unit_code
        and o.item = x.yields_to and o.quantity > 0
    union all
    -- an item of another version of the method lies outside the boundary of this one
    select r.uscc, r.batch_id, r.row_no, 'other_version' as used_as
    from {{ ref('int_ledger__process_row') }} as r
    where r.block is null
        and (r.method_no, r.item) in (
            select method_code, param_code from {{ ref('process_item') }} where method_version <> '*'
            union
            select method_no, param_code from {{ ref('process_block') }} where method_version <> '*'
        )
        and not exists (
            select 1 from {{ ref('process_item') }} as x
            where x.param_code = r.item and x.method_code = r.method_no and x.method_version in (r.method_version, '*')
        )
    union all
    select r.uscc, r.batch_id, r.row_no, 'counted_once' as used_as
    {{ version_lines_from('int_current__process') }}
    and exists (
        select 1 from {{ ref('int_ledger__process_row') }} as o
        where o.uscc = r.uscc and o.period = r.period and o.period_grain = r.period_grain and o.unit_code = r.unit_code
            and o.item = r.item and o.stream = r.stream and o.role <> r.role and o.quantity = r.quantity
    )
)

select uscc, batch_id, row_no, min(used_as) as used_as
from uses
group by uscc, batch_id, row_no
