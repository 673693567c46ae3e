{{ config(materialized='table') }}
with span as (
    select
        batch_id, row_no, check_id, min(source) as source, min(uscc) as uscc, min(period) as period,
        min(seen_from) as seen_from, count(*) as spans, max(case when is_over then 0 else 1 end) as is_open
    from {{ ref('stg_registry__finding_span') }}
    group by batch_id, row_no, check_id
),

-- of the gate: from the files alone. On the current view: what stands, and what earlier nights saw
found as (
    select f.batch_id, f.source, f.row_no, f.check_id, f.severity, f.uscc, f.period, f.holds_from, f.estimate_tco2e, 0 as came_back, 1 as is_of_file
    from {{ ref('stg_registry__delivered_finding') }} as f
    where f.check_id not like 'N0%' and f.check_id not like 'D0%'
    union all
    select c.batch_id, c.source, c.row_no, c.check_id, c.severity, c.uscc, c.period,
        cast(coalesce(h.seen_from, {{ night('knowledge_date') }}) as timestamp), null,
        coalesce(h.spans - h.is_open, 0), 0
    from {{ ref('int_finding__on_current_view') }} as c
    left join span as h on h.batch_id = c.batch_id and h.row_no = c.row_no and h.check_id = c.check_id
    union all
    select h.batch_id, h.source, h.row_no, h.check_id, 'info', h.uscc, h.period, cast(h.seen_from as timestamp), null, h.spans - 1, 0
    from span as h
    inner join {{ ref('stg_registry__batch') }} as b on b.batch_id = h.batch_id
    left join {{ ref('int_finding__on_current_view') }} as c on c.batch_id = h.batch_id and c.row_no = h.row_no and c.check_id = h.check_id
    where c.batch_id is null
),

distinct_row as (
    select
        batch_id, row_no, check_id, min(source) as source, min(uscc) as uscc, min(period) as period,
        min(case severity when 'critical' then 0 when 'warning' then 1 else 2 end) as severity_rank,
        min(holds_from) as first_seen, max(estimate_tco2e) as estimate_tco2e, max(came_back) as came_back, max(is_of_file) as is_of_file
    from found
    group by batch_id, row_no, check_id
),

-- the load itself is one row; where its rows are named too, they say how far it has come
counted as (
    select d.*
    from (
        select *, max(row_no) over (partition by batch_id, check_id) as last_row from distinct_row
    ) as d
    where d.row_no > 0 or d.last_row = 0
),

standing as (
    select f.batch_id, f.row_no, f.check_id
    from {{ ref('stg_registry__finding') }} as f
    inner join {{ ref('stg_registry__batch') }} as b on b.batch_id = f.batch_id
    where f.stands
    union
    select batch_id, row_no, check_id from {{ ref('int_finding__on_current_view') }}
),

decision as (
    select
        batch_id, row_no, check_id,
        max(case when state in ('withdrawn', 'obsolete') and decision = '拒绝' then 1 else 0 end) as rejected,
        max(case when state = 'accepted' then 1 else 0 end) as accepted,
        max(case when state = 'obsolete' then 1 else 0 end) as obsolete,
        max(case when state = 'expired' then 1 else 0 end) as expired
    from {{ ref('int_decision__outcome') }}
    group by batch_id, row_no, check_id
),

on_row as (
    select
        c.batch_id, c.row_no, c.check_id,
        max(d.rejected) as rejected,
        max(case when d.check_id in (c.check_id, '') then d.accepted end) as accepted,
        max(d.obsolete) as obsolete,
        max(case when d.check_id in (c.check_id, '') then d.expired end) as expired
    from counted as c
    inner join decision as d on d.batch_id = c.batch_id and (d.row_no = c.row_no or d.row_no is null)
    group by c.batch_id, c.row_no, c.check_id
),

-- a whole load that is refused is settled when the same source delivers a file of that name that is not
replaced as (
    select distinct b.batch_id
    from {{ ref('int_delivery__batch') }} as b
    inner join {{ ref('int_delivery__batch') }} as later
        on later.source = b.source and later.file_name = b.file_name and later.received_at > b.received_at and later.outcome <> 'refused'
)

select
    c.batch_id, c.source, c.row_no, c.check_id, c.uscc, c.period, c.severity_rank, c.first_seen, c.estimate_tco2e,
    -- what the file itself shows is one matter a row, however many checks fail: it stands under the gravest, then the first by name.
    -- A rule on the current view has the row for a place only: each is a matter of its own
    case
        when c.is_of_file = 0 then c.check_id
        else first_value(c.check_id) over (partition by c.batch_id, c.row_no, c.is_of_file order by c.severity_rank, c.check_id)
    end as item_check_id,
    -- a waiver of what only tells makes no version of its own
    coalesce(r.reopened_count, 0) + c.came_back + case when c.severity_rank = 2 then coalesce(o.expired, 0) else 0 end as reopened_count,
    case
        when coalesce(m.later, false) and coalesce(o.obsolete, 0) = 1 then 'obsolete'
        when coalesce(m.later, false) or (c.row_no = 0 and p.batch_id is not null) then 'resolved'
        when o.rejected = 1 then case when m.batch_id is null then 'waiting_for_enterprise' else 'decided' end
        when o.accepted = 1 then 'decided'
        when s.batch_id is null then 'resolved'
        else 'open'
    end as state
from counted as c
left join standing as s on s.batch_id = c.batch_id and s.row_no = c.row_no and s.check_id = c.check_id
left join on_row as o on o.batch_id = c.batch_id and o.row_no = c.row_no and o.check_id = c.check_id
left join {{ ref('stg_registry__made_good') }} as m on m.batch_id = c.batch_id and m.row_no = c.row_no
left join replaced as p on p.batch_id = c.batch_id
left join {{ ref('int_worklist__reopened') }} as r on r.batch_id = c.batch_id and r.row_no = c.row_no and r.check_id = c.check_id
