-- What the models read of each source, slice and batch is what counts of it at the knowledge date: no row is lost or doubled on the way.
-- A batch that decisions touch is compared as a whole, with the count of the version in force. Of bulk sources, the months that the night works on.
{% set bulk = "'" ~ lake_sources() | selectattr('bulk', 'defined') | map(attribute='name') | join("', '") ~ "'" -%}
with version as (
    select batch_id from {{ ref('stg_registry__version') }} where in_force
),

read_rows as (
    {% for of in lake_sources() %}
    select '{{ of.name }}' as source, {{ lake_slice(of, 'r') }} as slice, r.batch_id, count(*) as rows
    {% if of.name == 'steward_decision' -%}
    from {{ source('lake', of.name) }} as r   -- its staging model leaves out what is decided on later
    where {{ known('r') }}
    {% else -%}
    from {{ ref('stg_' ~ of.name) }} as r
    {% if of.bulk %}where {{ affected_month(of.name, 'r') }}{% endif %}
    {% endif %}
    group by 1, 2, 3
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

found as (
    select r.source, case when v.batch_id is null then r.slice end as slice, r.batch_id, sum(r.rows) as rows
    from read_rows as r
    left join version as v on r.batch_id = v.batch_id
    group by 1, 2, 3
),

accepted as (
    select l.source, l.slice, l.batch_id, sum(l.rows) as rows
    from {{ ref('stg_registry__lake_rows') }} as l
    where l.known_at <= {{ knowledge_end() }} and l.batch_id not in (select batch_id from version)
        and (l.source not in ({{ bulk }})
            or exists (
                select 1 from {{ of_night('affected_month') }} as a
                where a.source = l.source and strftime(a.period, 'month=%Y-%m') = l.slice
            ))
    group by 1, 2, 3
    union all
    select b.source, null, k.batch_id, sum(k.rows)
    from {{ source('registry', 'known_rows') }} as k
    inner join {{ ref('stg_registry__batch') }} as b on k.batch_id = b.batch_id
    inner join version as v on k.batch_id = v.batch_id
    where cast(k.known_at as timestamp) <= {{ knowledge_end() }}
        and b.source not in ({{ bulk }})
    group by 1, 2, 3
)

select
    coalesce(f.source, a.source) as source, coalesce(f.slice, a.slice) as slice, coalesce(f.batch_id, a.batch_id) as batch_id,
    f.rows as rows_read, a.rows as rows_accepted
from found as f
full join accepted as a on f.source = a.source and f.slice is not distinct from a.slice and f.batch_id = a.batch_id
where f.rows is distinct from a.rows
    and not coalesce(f.source in ({{ bulk }}) and f.slice is null, false)   -- a bulk batch with a version: its months are not counted one by one
