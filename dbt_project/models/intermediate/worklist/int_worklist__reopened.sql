with held as (
    select batch_id, row_no, check_id
    from {{ ref('stg_registry__delivered_finding') }}
    where severity in ('warning', 'critical')
    group by batch_id, row_no, check_id
),

closing as (
    select
        c.batch_id, c.row_no, c.check_id, v.position,
        case when f.batch_id is null then 1 else 0 end as closed
    from held as c
    inner join {{ ref('stg_registry__version') }} as v on v.batch_id = c.batch_id
    left join {{ ref('stg_registry__version_finding') }} as f
        on f.batch_id = c.batch_id and f.version = v.version and f.row_no = c.row_no and f.check_id = c.check_id
)

select batch_id, row_no, check_id, count(*) as reopened_count
from (
    select *, lag(closed) over (partition by batch_id, row_no, check_id order by position) as before
    from closing
) as v
where closed = 0 and before = 1
group by batch_id, row_no, check_id
