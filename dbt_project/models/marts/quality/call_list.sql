-- Whom to call: every form of an enterprise in operation that is due, not in and not held back, with the first month it missed.
-- An enterprise owes the forms that it delivered in the year, else in its last year before, else in its first; one that never delivered
-- any owes `*`: which, it has to be asked.
with member as (
    select uscc, period, cast(year(period) as bigint) as slice_year, enterprise_name, division_code, is_synthetic
    from {{ ref('int_total__registered') }}
    where in_operation and is_due
),

form_year as (
    select distinct uscc, slice_year, source from {{ ref('int_account__form') }}
),

model_year as (
    select m.uscc, m.slice_year, coalesce(max(case when f.slice_year <= m.slice_year then f.slice_year end), min(f.slice_year)) as form_year
    from (select distinct uscc, slice_year from member) as m
    left join form_year as f on f.uscc = m.uscc
    group by m.uscc, m.slice_year
),

owed as (
    select m.*, coalesce(f.source, '*') as source
    from member as m
    inner join model_year as y on y.uscc = m.uscc and y.slice_year = m.slice_year
    left join form_year as f on f.uscc = m.uscc and f.slice_year = y.form_year
),

delivered as (
    select uscc, source, period from {{ ref('int_account__form') }} where period_grain = 'month'
    union all
    select y.uscc, y.source, cast(y.period + to_months(cast(m as integer)) as date)
    from {{ ref('int_account__form') }} as y
    cross join range(0, 12) as t(m)
    where y.period_grain = 'year'
),

last_delivered as (
    select uscc, source, max(period) as period from delivered group by uscc, source
),

missing as (
    select o.uscc, o.source, o.enterprise_name, o.division_code, o.is_synthetic, o.period, {{ due_on('o.period', 'd.days') }} as due_on
    from owed as o
    inner join {{ ref('deadline') }} as d
        on d.purpose = 'delivery' and d.source = case o.source when '*' then 'enterprise_energy' else o.source end
    left join delivered as f on f.uscc = o.uscc and f.source = o.source and f.period = o.period
    left join {{ ref('int_account__quarantined_source') }} as q
        on q.uscc = o.uscc and q.period = o.period and (q.source = o.source or o.source = '*')
    where f.uscc is null and q.uscc is null and {{ is_due('o.period', 'd.days') }}
)

select
    cast(coalesce(t.prefecture_code, m.division_code) as varchar) as prefecture_code,
    cast(m.source as varchar) as source,
    cast(m.uscc as varchar) as uscc,
    cast(max_by(m.enterprise_name, m.period) as varchar) as enterprise_name,
    cast(m.division_code as varchar) as division_code,
    cast(count(distinct m.period) as bigint) as months_missing,
    cast(min(m.period) as date) as first_missed_period,
    cast(min(m.due_on) as date) as first_missed_due_on,
    cast(date_diff('day', min(m.due_on), max(n.knowledge_date)) as bigint) as days_overdue,
    cast(max(l.period) as date) as last_delivered_period,
    cast(bool_or(m.is_synthetic) as boolean) as is_synthetic
from missing as m
cross join {{ of_night('night') }} as n
left join {{ ref('int_current__division_tree') }} as t on t.code = m.division_code
left join last_delivered as l on l.uscc = m.uscc and l.source = m.source
group by coalesce(t.prefecture_code, m.division_code), m.source, m.uscc, m.division_code
order by prefecture_code, source, first_missed_due_on, uscc
