{#
  Whether the enterprise of a register row `r` (operating_from, operating_to) is in operation in the month `period`. `s` is its row of
  int_current__succession, left joined: from the first whole month of its successor the body reports under the successor's code.
#}
{% macro in_operation(r, s, period) -%}
({{ r }}.operating_from is null or {{ r }}.operating_from < {{ period }} + interval 1 month)
        and ({{ r }}.operating_to is null or {{ r }}.operating_to >= {{ period }})
        and ({{ s }}.succeeded_from is null or {{ s }}.succeeded_from > {{ period }})
{%- endmacro %}

{# Rows with the body over time and the series that their enterprise belongs to; an enterprise that the register does not know is its own. #}
{% macro with_body(relation) -%}
select r.*, coalesce(s.body_uscc, r.uscc) as body_uscc, coalesce(s.series_uscc, r.uscc) as series_uscc
from {{ relation }} as r
left join {{ ref('int_current__succession') }} as s on s.uscc = r.uscc
{%- endmacro %}
