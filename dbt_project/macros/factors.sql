{# Every factor row that is known and does not wait for a decision, the latest delivery of each factor_id; those in conflict are marked. #}
{% macro known_factors() -%}
{{ current_rows("(select * from " ~ ref('int_factor__standing') ~ " where standing <> 'waiting') as known", ['factor_id']) }}
{%- endmacro %}

{# Stretches of time within which no validity of a factor begins or ends: half-open, without gap or overlap; without validities one, all of time. #}
{% macro validity_segments() -%}
select bound as segment_from, coalesce(lead(bound) over (order by bound), date '9999-12-31') as segment_to
from (
    select date '1900-01-01' as bound
    {%- for end in ['valid_from', 'valid_to'] %}
    union
    select {{ end }} from {{ ref('int_factor__current') }} where kind not in ('grid', 'benchmark') and {{ end }} is not null
    {%- endfor %}
) as bounds
{%- endmacro %}

{# The factors that are in force over each stretch (`s`); `f` is int_factor__current. #}
{% macro factors_in_force() -%}
{{ ref('int_factor__current') }} as f
inner join ({{ validity_segments() }}) as s
    on (f.valid_from is null or f.valid_from <= s.segment_from) and (f.valid_to is null or s.segment_from < f.valid_to)
{%- endmacro %}

{# The stretch that a period lies in. #}
{% macro in_force(factor, period) -%}
{{ factor }}.segment_from <= {{ period }} and {{ period }} < {{ factor }}.segment_to
{%- endmacro %}
