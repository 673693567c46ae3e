-- When each source was last received, and whether the delivery of the cycle that has fallen due is in.
-- A monthly delivery is due on a day of the next month, a yearly one on a day of the next year; it is in when something of the
-- source was accepted since that month (year) began.
with night as (
    select cast({{ knowledge_end() }} as date) as today
),

received as (
    select
        b.source,
        count(*) as batches,
        max(case when b.outcome <> 'refused' then b.received_at end) as last_accepted_at,
        min(b.received_at) as first_received_at,
        max(b.received_at) as last_received_at,
        count(case when b.outcome = 'refused' then 1 end) as refused_batches,
        bool_or(b.is_synthetic) as is_synthetic
    from {{ ref('int_delivery__batch') }} as b
    where not b.is_published
    group by b.source
),

scheduled as (
    select
        s.source, case s.rule when 'day_of_next_month' then 'month' else 'year' end as frequency,
        s.days as due_day, s.due_month, s.basis_zh, s.basis_en, n.today,
        -- the last day on which something fell due
        case s.rule
            when 'day_of_next_month' then {{ last_due_month('s.days') }} + interval 1 month
            else
                case when n.today > make_date(year(n.today), s.due_month, s.days) then date_trunc('year', n.today)
                    else date_trunc('year', n.today) - interval 1 year end
        end as cycle_start
    from {{ ref('deadline') }} as s
    cross join night as n
    where s.purpose = 'delivery'
),

-- the first cycle of which nothing was accepted: the one after that of the last acceptance, else that of the first receipt
missed as (
    select
        s.*, r.last_accepted_at is null or r.last_accepted_at < s.cycle_start as is_overdue,
        case s.frequency
            when 'month' then coalesce(date_trunc('month', r.last_accepted_at) + interval 1 month, date_trunc('month', r.first_received_at))
            else coalesce(date_trunc('year', r.last_accepted_at) + interval 1 year, date_trunc('year', r.first_received_at))
        end as missed_start
    from scheduled as s
    left join received as r on r.source = s.source
),

dated as (
    select
        source, basis_zh, basis_en, frequency, is_overdue
        {%- for start, name in [('cycle_start', 'due_on'), ('missed_start', 'first_missed_due_on')] -%}
        ,
        cast(case frequency
            when 'month' then {{ due_on('cast(' ~ start ~ ' - interval 1 month as date)', 'due_day') }}
            else make_date(year(cast({{ start }} as date)), due_month, due_day)
        end as date) as {{ name }}
        {%- endfor %}
    from missed
)

select
    cast(coalesce(d.source, r.source) as varchar) as source,
    cast(d.frequency as varchar) as frequency,
    cast(d.due_on as date) as due_on,
    cast(case when r.source is not null and d.is_overdue then d.first_missed_due_on end as date) as first_missed_due_on,
    cast(r.last_received_at as timestamp) as last_received_at,
    cast(r.last_accepted_at as timestamp) as last_accepted_at,
    cast(coalesce(r.batches, 0) as bigint) as batches,
    cast(coalesce(r.refused_batches, 0) as bigint) as refused_batches,
    cast(case
        when d.source is null then 'unscheduled'
        when r.source is null then 'never_received'
        when d.is_overdue then 'overdue'
        else 'in_time'
    end as varchar) as state,
    cast(d.basis_zh as varchar) as basis_zh,
    cast(d.basis_en as varchar) as basis_en,
    cast(coalesce(r.is_synthetic, false) as boolean) as is_synthetic
from dated as d
full join received as r on r.source = d.source
