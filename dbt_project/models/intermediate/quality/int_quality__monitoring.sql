-- Findings of online monitoring: meters whose days are incomplete, sums of days that are not the month report, outages that lasted
-- too long, and monthly evidence that came late. All tell, none holds back.
with compared as (
    select m.uscc, m.period, m.energy, m.activity_unit, m.batch_id, m.row_no, cast(m.quantity as double) as metered, r.reported
    from {{ ref('int_meter__month') }} as m
    inner join (
        select uscc, period, energy, sum(consumed) as reported
        from {{ ref('int_energy__current') }}
        where conflict is null and superseded_by is null and period_grain = 'month' and energy <> '电力'
        group by uscc, period, energy
        union all
        select uscc, period, '电力', sum(quantity)
        from {{ ref('int_power_heat__current') }}
        where conflict is null and superseded_by is null and period_grain = 'month' and carrier = '电力' and direction = '购入'
        group by uscc, period
    ) as r on r.uscc = m.uscc and r.period = m.period and r.energy = m.energy
),

late as (
    select p.batch_id, min(p.period) as period, min(b.received_at) as received_at,
        min(p.period) + interval 1 month + to_days(cast({{ monitoring_limit('evidence_due_day') }} as integer)) as due_before
    from {{ ref('int_power_unit__current') }} as p
    inner join {{ ref('stg_registry__batch') }} as b on b.batch_id = p.batch_id
    where p.period_grain = 'month'
    group by p.batch_id
)

select
    batch_id, 'meter_reading' as source, row_no, 'M10-completeness' as check_id, 'info' as severity, uscc, period,
    'ts' as column_name, cast(round(100.0 * least(collected, due) / due, 1) as varchar) || '%' as reported_value,
    energy || '：本月有 ' || cast(days_below as varchar) || ' 个计量点日的采集完整率低于 90%（全月 ' || cast(round(100.0 * least(collected, due) / due, 1) as varchar) || '%）' as message_zh,
    energy || ': ' || cast(days_below as varchar) || ' meter days of the month are less than 90 % complete (' || cast(round(100.0 * least(collected, due) / due, 1) as varchar) || ' % over the month)' as message_en,
    '检查采集终端；恢复后按原时间补录' as advice_zh, 'check the terminal; once it works, deliver the missing readings with their own times' as advice_en
from {{ ref('int_meter__month') }}
where days_below > 0
union all
select
    batch_id, 'meter_reading', row_no, 'M11-month-report', 'info', uscc, period, 'value', cast(round(metered, 3) as varchar),
    energy || '：读数合计 ' || cast(round(metered, 3) as varchar) || ' ' || activity_unit || '，月报 ' || cast(round(reported, 3) as varchar) || '，相差超过 5%',
    energy || ': the readings add up to ' || cast(round(metered, 3) as varchar) || ' ' || activity_unit || ', the month report says ' || cast(round(reported, 3) as varchar) || ': more than 5 % apart',
    '核对计量点是否齐全、倍率和单位，再核对月报', 'check that all metering points are delivered, their ratio and unit, then the month report'
from compared
where abs(metered - reported) > reported * {{ monitoring_limit('month_deviation_max') }} * (1.0 + 1e-9)
union all
select
    batch_id, 'meter_reading', 0, 'M12-outage', 'info', min(uscc), cast(date_trunc('month', min(start_day)) as date), 'meter_id',
    {{ dbt.listagg('meter_id', "';'", 'order by meter_id, start_day') }},
    '采集中断超过 3 个工作日：' || {{ dbt.listagg("meter_id || ' ' || cast(start_day as varchar) || ' 至 ' || cast(end_day as varchar)", "'；'", 'order by meter_id, start_day') }},
    'no complete readings for more than 3 working days: ' || {{ dbt.listagg("meter_id || ' ' || cast(start_day as varchar) || ' to ' || cast(end_day as varchar)", "'; '", 'order by meter_id, start_day') }},
    '登记故障原因，恢复后补录', 'register the cause and deliver the readings later'
from {{ ref('int_meter__outage') }}
where is_late
group by batch_id
union all
select
    batch_id, 'power_unit_month', 0, 'M13-late', 'info', null, period, null, cast(cast(received_at as date) as varchar),
    '月度存证应于 ' || cast(cast(due_before - interval 1 day as date) as varchar) || ' 前（含当日）提交，实际于 ' || cast(cast(received_at as date) as varchar) || ' 收到',
    'monthly evidence was due by ' || cast(cast(due_before - interval 1 day as date) as varchar) || ' and came on ' || cast(cast(received_at as date) as varchar),
    '逾期不影响计入；请按期提交', 'it counts all the same; please deliver in time'
from late
where received_at >= due_before
