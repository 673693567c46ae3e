{{ config(materialized='table') }}
with told as (
    select *,
        case verdict when 'disagree' then 'X01-sources-disagree' when 'pattern' then 'X02-pattern' else 'X03-not-in-account' end as check_id
    from {{ ref('int_triangulation__compared') }}
    where (verdict = 'disagree' and disagreeing_sources <> 'stock_balance') or (verdict = 'pattern' and makes_item)
        or (verdict = 'no_account' and greatest_value > 0
            -- who makes all the power that it uses buys none
            and not (quantity = 'electricity' and (uscc, period) in (select h.uscc, h.period from {{ ref('int_current__power_heat') }} as h where h.carrier = '电力')))
),

delivered as (
    select 'enterprise_energy' as source, batch_id, row_no, uscc, period, 'consumed' as column_name, consumed as size,
        case when fuel_group = 'coal' then 'coal' else fuel_code end as quantity, case when energy = '电力' then 1 else 0 end as rank
    from ({{ counting('int_current__energy') }}) as e
    where period_grain = 'month'
    union all
    select 'enterprise_power_heat', batch_id, row_no, uscc, period, 'quantity', quantity, 'electricity', 0
    from ({{ counting('int_current__power_heat') }}) as h
    where period_grain = 'month' and carrier = '电力' and direction = '购入'
    union all
    select 'power_unit_month', batch_id, row_no, uscc, period, 'coal_t', fuel_quantity, case when fuel_group = 'coal' then 'coal' else fuel_code end, 2
    from ({{ counting('int_current__power_unit') }}) as u
    where period_grain = 'month'
    union all
    select 'power_unit_month', batch_id, row_no, uscc, period, 'purchased_mwh', purchased_mwh, 'electricity', 2
    from ({{ counting('int_current__power_unit') }}) as u
    where period_grain = 'month'
    union all
    select 'meter_reading', batch_id, row_no, uscc, period, 'value', cast(quantity as double), case when fuel_group = 'coal' then 'coal' else fuel_code end, 3
    from {{ ref('int_meter__month') }}
    where batch_id is not null
),

name as (
    select fuel_code as quantity, min(energy) as zh, min(energy_en) as en from {{ ref('fuel') }} where fuel_code <> 'electricity' group by fuel_code
    union all
    select 'electricity', '购入电力', 'purchased electricity'
    union all
    select 'coal', '煤合计', 'coal, all kinds'
),

placed as (
    select t.*, coalesce(n.zh, t.quantity) as name_zh, coalesce(n.en, t.quantity) as name_en, d.source, d.batch_id, d.row_no, d.column_name,
        row_number() over (
            partition by t.uscc, t.period, t.quantity order by d.rank, abs(d.size) desc nulls last, d.batch_id, d.row_no
        ) as place
    from told as t
    inner join delivered as d on d.uscc = t.uscc and d.period = t.period and d.quantity = t.quantity
    left join name as n on n.quantity = t.quantity
)

select
    check_id, source, batch_id, row_no, uscc, period, quantity, column_name, unit, verdict,
    {{ shown('coalesce(account_value, greatest_value)') }} || ' ' || unit as reported_value,
    name_zh || '：' || verdict_zh || coalesce('（比值 ' || {{ shown('lowest_ratio') }} || '–' || {{ shown('highest_ratio') }} || '）', '') as what_zh,
    name_en || ': ' || verdict_en || coalesce(' (ratios ' || {{ shown('lowest_ratio') }} || ' to ' || {{ shown('highest_ratio') }} || ')', '') as what_en,
    {{ decimal_of('tonnes_at_stake', 3, 18) }} as tonnes
from placed
where place = 1
