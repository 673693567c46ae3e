with refused as (
    select b.batch_id, b.source, b.file_name, b.received_at, b.rows_received
    from {{ ref('stg_registry__batch') }} as b
    where b.source in ('enterprise_energy', 'enterprise_process', 'enterprise_power_heat')
        and b.is_refused
),

standing as (
    select r.*
    from refused as r
    left join (
        select b.source, b.file_name, max(b.received_at) as received_at
        from {{ ref('stg_registry__batch') }} as b
        left join refused as x on x.batch_id = b.batch_id
        where x.batch_id is null
        group by b.source, b.file_name
    ) as later on later.source = r.source and later.file_name = r.file_name and later.received_at > r.received_at
    where later.source is null
),

named as (
    select distinct f.batch_id, f.row_no, f.uscc, f.period
    from {{ ref('stg_registry__delivered_finding') }} as f
    inner join standing as s on s.batch_id = f.batch_id
    where f.row_no > 0 and f.period is not null
),

reach as (
    select s.batch_id, s.received_at, s.rows_received,
        count(distinct case when n.uscc is not null then n.row_no end) as named_rows, count(n.batch_id) as dated_rows
    from standing as s
    left join named as n on n.batch_id = s.batch_id
    group by s.batch_id, s.received_at, s.rows_received
)

select distinct cast(date_trunc('month', n.period) as date) as period,
    case when r.named_rows >= r.rows_received then n.uscc end as uscc
from named as n
inner join reach as r on r.batch_id = n.batch_id
union
select cast(date_trunc('month', received_at) - interval 1 month as date), cast(null as varchar)
from reach
where dated_rows = 0
