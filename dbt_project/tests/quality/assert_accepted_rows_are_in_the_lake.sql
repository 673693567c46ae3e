-- The rows that a batch is said to have accepted lie in the lake: those known later by their own date (published figures) are accepted
-- too, those that still wait for their enterprise or month are not. Batches that decisions touch are held against their version elsewhere.
{% set bulk = "'" ~ lake_sources() | selectattr('bulk', 'defined') | map(attribute='name') | join("', '") ~ "'" -%}
with found as (
    {% for of in lake_sources() if not of.bulk %}
    select r.batch_id, count(*) as rows_ever, count(*) filter (r.known_at <= {{ knowledge_end() }}) as rows_known
    from {{ source('lake', of.name) }} as r
    where r.version is null
    group by r.batch_id
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select b.batch_id, b.source, b.rows_accepted, f.rows_known, f.rows_ever
from {{ ref('batch') }} as b
left join found as f on b.batch_id = f.batch_id
where b.outcome <> 'refused'
    and b.source not in ({{ bulk }})
    and b.batch_id not in (select v.batch_id from {{ ref('stg_registry__version') }} as v where v.in_force)
    and (b.rows_accepted < coalesce(f.rows_known, 0) or b.rows_accepted > coalesce(f.rows_ever, 0))
