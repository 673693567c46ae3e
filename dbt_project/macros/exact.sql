{#
  A double as a decimal: to 15 significant digits, which is what a double holds of a decimal number, then half away from zero to `decimals` places.
  The one way from a double to a decimal. What lies behind the fifteenth digit depends on how an engine rounds, and is no part of the figure.
  The whole part is exact as it stands. The fraction is exact too, so that it is rounded once, at its share of the 15 digits, and the result at
  `decimals`; both by powers of ten that are exact. The half keeps the logarithm clear of the powers of ten, where it may err; from 1e15 on no decimals are
  left. `digits` is the width of the type: whole parts below 10^(digits - decimals) fit.
#}
{% macro decimal_of(x, decimals, digits=38) -%}
{{ return(adapter.dispatch('decimal_of')(x, decimals, digits)) }}
{%- endmacro %}

{% macro default__decimal_of(x, decimals, digits) -%}
{%- set unit = 'power(10.0, greatest(14.0 - floor(log10(trunc(abs(' ~ x ~ ')) + 0.5)), 0.0))' -%}
cast(cast(trunc({{ x }}) as decimal({{ digits - decimals }}, 0))
        + cast(round(round(({{ x }} - trunc({{ x }})) * {{ unit }}) / ({{ unit }} / 1e{{ decimals }})) as decimal(18, 0))
        * cast('1e-{{ decimals }}' as decimal({{ decimals + 1 }}, {{ decimals }})) as decimal({{ digits }}, {{ decimals }}))
{%- endmacro %}

{# A double that is rounded to `decimals` places, half away from zero. #}
{% macro rounded(x, decimals) -%}
cast({{ decimal_of(x, decimals) }} as double)
{%- endmacro %}

{#
  A sum of doubles that is the same in any order of its rows: a sum of doubles depends on which thread adds what. Each is a decimal of 9 places (a milligram,
  a thousandth of a watt-hour), their sum is exact and then a double again. `over`: the window of a window function.
#}
{% macro exact_sum(x, over=none, decimals=9) -%}
cast(sum({{ decimal_of(x, decimals) }}){% if over is not none %} over ({{ over }}){% endif %} as double)
{%- endmacro %}
