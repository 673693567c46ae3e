{# Points of one component in thousandths, whole numbers only: weight x num / den, rounded half up. NULL where `den` is 0. #}
{% macro component_points(weight, num, den) -%}
case when {{ den }} > 0 then (2000 * cast({{ weight }} as hugeint) * {{ num }} + {{ den }}) // (2 * {{ den }}) end
{%- endmacro %}

{# The tiers of factors, best first: seed `factor_tier`. #}
{% macro quality_tiers() -%}
{{ return(['measured', 'declared', 'method_default', 'borrowed_set', 'other_year', 'wider_area', 'unconfirmed']) }}
{%- endmacro %}
