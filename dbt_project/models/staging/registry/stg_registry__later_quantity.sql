{% for of in lake_sources() if of.quantity %}
{% if not loop.first %}union all
{% endif -%}
select r.batch_id, r.row_no, r.{{ of.quantity }} as quantity
from {{ source('lake', of.name) }} as r
where r.known_at > {{ knowledge_end() }} and {{ in_version('r') }}
{% endfor %}
