-- Rows and quantity that the lake gives for each source, slice and batch are those that were counted when the batch was judged:
-- a file that is lost, doubled, cut off or altered stops the night. Of bulk sources, the months that the night works on.
{% set bulk = "'" ~ lake_sources() | selectattr('bulk', 'defined') | map(attribute='name') | join("', '") ~ "'" -%}
with found as (
    {% for of in lake_sources() %}
    select
        '{{ of.name }}' as source, {{ lake_slice(of, 'r') }} as slice, r.batch_id, r.known_at, count(*) as rows,
        {% if of.quantity %}{{ exact_sum('r.' ~ of.quantity) }} as quantity, {{ exact_sum('abs(r.' ~ of.quantity ~ ')') }} as scale
        {% else %}cast(null as double) as quantity, cast(null as double) as scale{% endif %}
    from {{ source('lake', of.name) }} as r
    where r.version is null{% if of.bulk %} and {{ affected_month(of.name, 'r') }}{% endif %}
    group by 1, 2, 3, 4
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

judged as (
    select source, slice, batch_id, known_at, sum(rows) as rows, {{ exact_sum('quantity') }} as quantity
    from {{ ref('stg_registry__lake_rows') }} as lake_rows
    where source not in ({{ bulk }})
        or exists (
            select 1 from {{ of_night('affected_month') }} as a
            where a.source = lake_rows.source and strftime(a.period, 'month=%Y-%m') = lake_rows.slice
        )
    group by 1, 2, 3, 4
)

select
    coalesce(f.source, j.source) as source, coalesce(f.slice, j.slice) as slice, coalesce(f.batch_id, j.batch_id) as batch_id,
    coalesce(f.known_at, j.known_at) as known_at, f.rows as rows_read, j.rows as rows_judged, f.quantity as quantity_read, j.quantity as quantity_judged
from found as f
full join judged as j on f.source = j.source and f.slice = j.slice and f.batch_id = j.batch_id and f.known_at = j.known_at
where f.rows is distinct from j.rows or abs(f.quantity - j.quantity) > 1e-9 * f.scale or (f.quantity is null) <> (j.quantity is null)
