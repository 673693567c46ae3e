-- Rows accepted by the findings are the rows that the registry counts: those known later by their own date (published
-- figures) are accepted too, those that still wait for their enterprise or month are not.
with registered as (
    select
        batch_id,
        sum(accepted_rows) as rows_ever,
        sum(case when known_at <= {{ knowledge_end() }} then accepted_rows else 0 end) as rows_known
    from {{ ref('stg_registry__known_rows') }}
    group by batch_id
)

select b.batch_id, b.source, b.rows_accepted, r.rows_known, r.rows_ever
from {{ ref('batch') }} as b
left join registered as r on b.batch_id = r.batch_id
where b.outcome <> 'refused'
    and (b.rows_accepted < coalesce(r.rows_known, 0) or b.rows_accepted > coalesce(r.rows_ever, 0))
