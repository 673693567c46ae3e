{#
  The row that counts for each key: the latest delivery by received_at among what is known; real before synthetic.
  Two latest deliveries with equal received_at and different content are in conflict: `conflict` says so, and none counts.
  relation: rows with received_at, is_synthetic, content_hash, batch_id, row_no; key: list of columns.
#}
{% macro current_rows(relation, key) %}
select * exclude (recency, least_hash, greatest_hash, pick),
    case when least_hash <> greatest_hash then 'equal_received_at' end as conflict
from (
    select *,
        min(content_hash) over (partition by {{ key | join(', ') }}) as least_hash,
        max(content_hash) over (partition by {{ key | join(', ') }}) as greatest_hash,
        row_number() over (partition by {{ key | join(', ') }}, content_hash order by batch_id, row_no) as pick
    from (
        select *,
            rank() over (partition by {{ key | join(', ') }} order by is_synthetic, received_at desc) as recency
        from {{ relation }}
    ) as ranked
    where recency = 1
) as latest
where pick = 1
{% endmacro %}

{# The row as delivered, unless the version of its batch that is in force has another or none. #}
{% macro in_version(alias) -%}
coalesce({{ alias }}.version, '') = coalesce((
    select max(row_as_decided.version) from {{ source('registry', 'decided_row') }} as row_as_decided
    where row_as_decided.batch_id = {{ alias }}.batch_id and row_as_decided.row_no = {{ alias }}.row_no
), '')
{%- endmacro %}
