{{ config(materialized='table') }}
with member as (
    select * from {{ ref('int_current__register_latest') }}
),

reach as (
    select * from {{ ref('int_current__succession_reach') }}
),

in_circle as (
    select uscc from reach where uscc = reaches_uscc
),

-- the last member of a chain; in a circle there is none, and the least code stands for it
body as (
    select
        r.uscc,
        coalesce(
            min(case when onward.uscc is null then r.reaches_uscc end),
            min(case when c.uscc is not null then r.reaches_uscc end)
        ) as body_uscc
    from reach as r
    left join (select distinct uscc from reach) as onward on onward.uscc = r.reaches_uscc
    left join in_circle as c on c.uscc = r.reaches_uscc
    group by r.uscc
),

registered as (
    select uscc, min(valid_from) as first_day from {{ ref('int_current__register') }} where conflict is null group by uscc
),

-- from when the successor carries on: the row that names it, the day after the last of operation, the successor's first day in the register
since as (
    select d.uscc, d.reaches_uscc as successor_uscc,
        greatest(
            min(case when upper(trim(r.successor_uscc)) = d.reaches_uscc then r.valid_from end),
            coalesce(cast(max(m.operating_to) + interval 1 day as date), date '0001-01-01'),
            max(n.first_day)
        ) as succeeded_from
    from reach as d
    inner join member as m on m.uscc = d.uscc
    inner join {{ ref('int_current__register') }} as r on r.uscc = d.uscc and r.conflict is null
    inner join registered as n on n.uscc = d.reaches_uscc
    where d.is_direct
    group by d.uscc, d.reaches_uscc
),

merged as (
    select coalesce(b.body_uscc, p.uscc) as body_uscc, max(p.predecessors) as most_predecessors
    from (select reaches_uscc as uscc, count(*) as predecessors from reach where is_direct group by reaches_uscc) as p
    left join body as b on b.uscc = p.uscc
    group by coalesce(b.body_uscc, p.uscc)
),

circled as (
    select distinct b.body_uscc from body as b inner join in_circle as c on c.uscc = b.uscc
),

predecessor as (
    select d.reaches_uscc as uscc, {{ dbt.listagg('d.uscc', "'; '", 'order by d.uscc') }} as predecessor_uscc,
        min(case when c.uscc is null then s.succeeded_from end) as succeeds_from
    from reach as d
    inner join since as s on s.uscc = d.uscc
    left join in_circle as c on c.uscc = d.uscc
    where d.is_direct
    group by d.reaches_uscc
)

select
    m.uscc, coalesce(b.body_uscc, m.uscc) as body_uscc,
    -- one body without mergers and circles is one series; elsewhere each member keeps its own
    case
        when k.body_uscc is null and coalesce(g.most_predecessors, 1) = 1 then coalesce(b.body_uscc, m.uscc) else m.uscc
    end as series_uscc,
    s.successor_uscc, case when c.uscc is null then s.succeeded_from end as succeeded_from,
    p.predecessor_uscc, p.succeeds_from, case when p.succeeds_from is not null then f.first_day end as founded_on, c.uscc is not null as is_in_circle
from member as m
inner join registered as f on f.uscc = m.uscc
left join body as b on b.uscc = m.uscc
left join since as s on s.uscc = m.uscc
left join merged as g on g.body_uscc = coalesce(b.body_uscc, m.uscc)
left join circled as k on k.body_uscc = coalesce(b.body_uscc, m.uscc)
left join predecessor as p on p.uscc = m.uscc
left join in_circle as c on c.uscc = m.uscc
