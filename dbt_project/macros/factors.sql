{# The factors that are in force over each stretch of int_factor__segment (`s`); `f` is int_factor__current. #}
{% macro factors_in_force() -%}
{{ ref('int_factor__current') }} as f
inner join {{ ref('int_factor__segment') }} as s
    on (f.valid_from is null or f.valid_from <= s.segment_from) and (f.valid_to is null or s.segment_from < f.valid_to)
{%- endmacro %}

{# The stretch that a period lies in. #}
{% macro in_force(factor, period) -%}
{{ factor }}.segment_from <= {{ period }} and {{ period }} < {{ factor }}.segment_to
{%- endmacro %}
