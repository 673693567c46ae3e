with monthly as (
    select *,
        month_index - months_covered + 1 as from_index,
        lag(month_index) over (partition by source, uscc, series order by period) as before_index,
        lag(period) over (partition by source, uscc, series order by period) as before_period,
        -- a series goes on under the successor's code
        lag(month_index) over (partition by source, series_uscc, series order by period, uscc) as body_before_index,
        lag(period) over (partition by source, series_uscc, series order by period, uscc) as body_before_period,
        lag(quantity) over (partition by source, uscc, series order by period) as before_quantity,
        lead(month_index) over (partition by source, uscc, series order by period) as after_index,
        lead(quantity) over (partition by source, uscc, series order by period) as after_quantity,
        month_index - row_number() over (partition by source, uscc, series, quantity order by period) as island
    from {{ ref('int_rule__delivered_quantity') }}
    where period_grain = 'month'
),

-- runs of one and the same figure, month after month
runs as (
    select *,
        count(*) over (partition by source, uscc, series, quantity, island) as months,
        row_number() over (partition by source, uscc, series, quantity, island order by period desc) as place
    from monthly
    where quantity > 0
),

-- the form of a month beside that of the month before: digits = how many figures had to agree by chance
forms as (
    select source, uscc, period, month_index,
        count(*) as facts,
        count(case when before_index = month_index - 1 and before_quantity = quantity then 1 end) as same,
        sum(case when before_index = month_index - 1 and quantity <> 0
            then length(rtrim(ltrim(replace(cast(quantity as varchar), '.', ''), '0'), '0')) else 0 end) as digits,
        max(before_period) as before_period,
        min(batch_id) as batch_id
    from monthly
    group by source, uscc, period, month_index
),

copied as (
    select f.*, m.row_no,
        row_number() over (partition by f.source, f.uscc, f.period order by m.row_no) as place
    from forms as f
    inner join monthly as m on m.source = f.source and m.uscc = f.uscc and m.period = f.period and m.batch_id = f.batch_id
    where f.facts = f.same and f.digits >= {{ rule_limit('R62-copied-month', 'least_count') }}
),

-- what a body reports: the same where one enterprise is one body, the sum of its members before they merged
body_month as (
    select source, body_uscc, series, period_grain, slice_year, period, month_index, months_covered, {{ exact_sum('quantity') }} as quantity
    from {{ ref('int_rule__delivered_quantity') }}
    group by source, body_uscc, series, period_grain, slice_year, period, month_index, months_covered
    having count(*) = count(quantity)
),

-- this year beside last year, over the months that both have
year_pair as (
    select t.source, t.body_uscc, t.series, t.slice_year, t.period_grain, max(t.period) as period, count(*) as months,
        {{ exact_sum('t.quantity') }} as quantity, {{ exact_sum('l.quantity') }} as before_quantity
    from body_month as t
    inner join body_month as l
        on l.source = t.source and l.body_uscc = t.body_uscc and l.series = t.series and l.period_grain = t.period_grain
        and l.month_index = t.month_index - 12 and l.months_covered = t.months_covered
    group by t.source, t.body_uscc, t.series, t.slice_year, t.period_grain
),

paired as (
    select p.*, d.uscc, d.batch_id, d.row_no,
        row_number() over (
            partition by p.source, p.body_uscc, p.series, p.slice_year, p.period_grain order by d.months_covered, d.uscc, d.batch_id, d.row_no
        ) as place
    from year_pair as p
    inner join {{ ref('int_rule__delivered_quantity') }} as d
        on d.source = p.source and d.body_uscc = p.body_uscc and d.series = p.series and d.period_grain = p.period_grain and d.period = p.period
)

select {{ rule_finding('R61-missing-month', 'm', 'period', 'cast(m.body_before_period as varchar)', 'm.from_index - m.body_before_index - 1', "'“' || m.series || '”'", 'm.series') }}
from monthly as m
where m.from_index - m.body_before_index > 1
    and (year(m.body_before_period) = year(m.period) or m.from_index - m.body_before_index - 1 <= {{ rule_limit('R61-missing-month') }})
union all
select {{ rule_finding('R61-zero-month', 'm', 'quantity', "'0'", shown('m.before_quantity'), "'“' || m.series || '”'", 'm.series') }}
from monthly as m
where coalesce(m.quantity, 0.0) = 0.0 and m.before_quantity > 0.0 and m.after_quantity > 0.0
    and m.before_index = m.month_index - 1 and m.after_index = m.month_index + 1
union all
select {{ rule_finding('R62-identical-months', 'r', 'quantity', shown('r.quantity'), 'r.months', "'“' || r.series || '”'", 'r.series') }}
from runs as r
where r.place = 1 and r.months >= {{ rule_limit('R62-identical-months', 'least_count') }}
union all
select {{ rule_finding('R62-copied-month', 'c', 'quantity', 'cast(c.before_period as varchar)', 'c.facts') }}
from copied as c
where c.place = 1
union all
select {{ rule_finding('R60-activity', 'p', 'quantity', shown('p.quantity'), shown('p.before_quantity'), "'“' || p.series || '”'", 'p.series') }}
from paired as p
where p.place = 1 and (p.period_grain = 'year' or p.months >= {{ rule_limit('R60-activity', 'least_count') }})
    and p.before_quantity > 0.0 and abs(p.quantity / p.before_quantity - 1.0) > {{ rule_limit('R60-activity') }}
