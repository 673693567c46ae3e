{# Saturation temperature [K] at the pressure `p` [MPa]: IAPWS-IF97, equation 31. `n` holds n1 to n10 of region 4. #}
{% macro saturation_k(p, n='n') -%}
{%- set b = 'sqrt(sqrt(' ~ p ~ '))' -%}
{%- set e = '(' ~ b ~ ' * ' ~ b ~ ' + ' ~ n ~ '.n3 * ' ~ b ~ ' + ' ~ n ~ '.n6)' -%}
{%- set f = '(' ~ n ~ '.n1 * ' ~ b ~ ' * ' ~ b ~ ' + ' ~ n ~ '.n4 * ' ~ b ~ ' + ' ~ n ~ '.n7)' -%}
{%- set g = '(' ~ n ~ '.n2 * ' ~ b ~ ' * ' ~ b ~ ' + ' ~ n ~ '.n5 * ' ~ b ~ ' + ' ~ n ~ '.n8)' -%}
{%- set d = '(2.0 * ' ~ g ~ ' / (-' ~ f ~ ' - sqrt(' ~ f ~ ' * ' ~ f ~ ' - 4.0 * ' ~ e ~ ' * ' ~ g ~ ')))' -%}
({{ n }}.n10 + {{ d }} - sqrt(({{ n }}.n10 + {{ d }}) * ({{ n }}.n10 + {{ d }}) - 4.0 * ({{ n }}.n9 + {{ n }}.n10 * {{ d }}))) / 2.0
{%- endmacro %}

{# The coefficients of an equation of seed `if97_coefficient` as columns n1, n2, ... of one row. #}
{% macro if97_row(equation, count) -%}
select {% for k in range(1, count + 1) %}max(case when i = {{ k }} then n end) as n{{ k }}{% if not loop.last %}, {% endif %}{% endfor %}
from {{ ref('if97_coefficient') }}
where equation = '{{ equation }}'
{%- endmacro %}
