with metered as (
    select m.uscc, m.period, year(m.period) as slice_year, m.energy, m.activity_unit, m.batch_id, m.row_no, 'meter_reading' as source,
        m.days_below, 100.0 * least(m.collected, m.due) / m.due as completeness, cast(m.quantity as double) as metered, r.reported
    from {{ ref('int_meter__month') }} as m
    left join (
        select uscc, period, energy, {{ exact_sum('consumed') }} as reported
        from {{ ref('int_current__energy') }}
        where {{ counts() }} and period_grain = 'month' and energy <> '电力'
        group by uscc, period, energy
        union all
        select uscc, period, '电力', {{ exact_sum('quantity') }}
        from {{ ref('int_current__power_heat') }}
        where {{ counts() }} and period_grain = 'month' and carrier = '电力' and direction = '购入'
        group by uscc, period
    ) as r on r.uscc = m.uscc and r.period = m.period and r.energy = m.energy
),

whole_year as (
    select *,
        count(reported) over (partition by uscc, energy, slice_year) as months,
        {{ exact_sum('case when reported is not null then metered end', over='partition by uscc, energy, slice_year') }} as year_metered,
        {{ exact_sum('reported', over='partition by uscc, energy, slice_year') }} as year_reported,
        row_number() over (partition by uscc, energy, slice_year order by period desc) as place
    from metered
),

outage as (
    select 'meter_reading' as source, o.uscc, cast(date_trunc('month', o.start_day) as date) as period,
        coalesce(max(m.batch_id), max(o.batch_id)) as batch_id, coalesce(max(m.row_no), 0) as row_no,
        {{ dbt.listagg("o.meter_id || ' ' || cast(o.start_day as varchar) || '/' || cast(o.end_day as varchar)", "'; '", 'order by o.meter_id, o.start_day') }} as meters
    from {{ ref('int_meter__outage') }} as o
    left join {{ ref('int_meter__month') }} as m
        on m.uscc = o.uscc and m.energy = o.energy and m.period = cast(date_trunc('month', o.start_day) as date)
    where o.is_late
    group by o.uscc, o.energy, cast(date_trunc('month', o.start_day) as date)
),

-- the first time that the evidence of a unit's month came: a later correction of it is not late
first_sent as (
    select p.uscc, p.unit_code, p.period, min(b.received_at) as received_at
    from {{ ref('stg_power_unit_month') }} as p
    inner join {{ ref('stg_registry__batch') }} as b on b.batch_id = p.batch_id
    where p.period_grain = 'month'
    group by p.uscc, p.unit_code, p.period
),

-- a register only ever rises: within the days and from day to day
standing as (
    select uscc, meter_id, energy, period, batch_id, count(*) as days, min(row_no) as row_no, min(opening) as opening, max(closing) as closing,
        bool_and(opening = least and closing = greatest and coalesce(before <= opening, true)) as only_rises,
        count(case when closing > before then 1 end) as rising_days, sum(collected) as readings, 'meter_reading' as source
    from (
        select *, lag(closing) over (partition by uscc, meter_id, energy, period, batch_id order by day) as before
        from {{ ref('int_meter__batch_day') }}
        where opening is not null
    ) as day
    group by uscc, meter_id, energy, period, batch_id
    having min(opening) > 0.0
),

late as (
    select 'power_unit_month' as source, cast(null as varchar) as uscc, p.batch_id, 0 as row_no, min(p.period) as period,
        min(b.received_at) as received_at,
        min(p.period) + interval 1 month + to_days({{ deadline_days('delivery', 'power_unit_month') }}) as due_before
    from {{ ref('stg_power_unit_month') }} as p
    inner join {{ ref('stg_registry__batch') }} as b on b.batch_id = p.batch_id
    inner join first_sent as f
        on f.uscc = p.uscc and f.unit_code = p.unit_code and f.period = p.period and f.received_at = b.received_at
    group by p.batch_id
)

select {{ rule_finding('M10-completeness', 'm', 'ts', shown('m.completeness', 1) ~ " || '%'", 'm.days_below', 'm.energy', 'm.energy') }}
from metered as m
where m.days_below > 0
union all
select {{ rule_finding('M11-month-report', 'm', 'value', shown('m.metered', 3), shown('m.reported', 3), "m.energy || ' (' || m.activity_unit || ')'", "m.energy || ' (' || m.activity_unit || ')'") }}
from metered as m
where abs(m.metered - m.reported) > m.reported * {{ rule_limit('M11-month-report') }} * (1.0 + 1e-9)
union all
select {{ rule_finding('R11-metered-year', 'y', 'value', shown('y.year_metered', 3), shown('y.year_reported', 3), "y.energy || ' (' || y.activity_unit || ')'", "y.energy || ' (' || y.activity_unit || ')'") }}
from whole_year as y
where y.place = 1 and y.months >= {{ rule_limit('R11-metered-year', 'least_count') }}
    and abs(y.year_metered - y.year_reported) > y.year_metered * {{ rule_limit('R11-metered-year') }} * (1.0 + 1e-9)
union all
select {{ rule_finding('M12-outage', 'o', 'meter_id', 'o.meters') }}
from outage as o
union all
select {{ rule_finding('M14-register-reading', 's', 'value', shown('s.closing'), shown('s.opening'), 's.meter_id', 's.meter_id') }}
from standing as s
where s.only_rises and (
    (s.days >= {{ rule_limit('M14-register-reading', 'least_count') }} and s.rising_days >= {{ rule_limit('M14-register-reading', 'lower_limit') }} * (s.days - 1))
    -- few days of many readings: every day begins with its least and ends with its greatest, above the day before
    or (s.days >= 3 and s.readings >= {{ rule_limit('M14-register-reading', 'least_count') }} * s.days and s.rising_days = s.days - 1)
)
union all
select {{ rule_finding('M13-late', 'l', 'period', 'cast(l.received_at as date)', 'cast(l.due_before - interval 1 day as date)') }}
from late as l
where l.received_at >= l.due_before
