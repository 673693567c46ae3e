{#
  Additive LMDI-I (Ang 2005, Energy Policy 33:867): effect of a factor = L(v1, v0) x ln(x1 / x0), L the logarithmic mean.
  Values and factors are columns `<name>_0` and `<name>_1`; the value `v` is the product of the factors in each year.
#}

{# Logarithmic mean of two values of one sign. Near a = b a series: (a - b) / ln(a / b) would lose its figures there. #}
{% macro log_mean(a, b) -%}
case
    when {{ a }} = {{ b }} then {{ a }}
    when abs(ln({{ a }} / {{ b }})) < 0.01 then
        sign({{ a }}) * sqrt({{ a }} * {{ b }}) * (1.0 + power(ln({{ a }} / {{ b }}), 2) / 24.0 + power(ln({{ a }} / {{ b }}), 4) / 1920.0)
    else ({{ a }} - {{ b }}) / ln({{ a }} / {{ b }})
end
{%- endmacro %}

{# A factor that is zero in one of the years, or changes its sign, has no logarithm. One that is not defined (0/0: no energy, no fuel) is no cause. #}
{% macro lmdi_breaks(x) -%}
case when {{ x }}_0 * {{ x }}_1 <= 0 then 1 else 0 end
{%- endmacro %}

{#
  The rows of `relation` with `<factor>_effect`, which add up to v_1 - v_0.
  Analytical limits (Ang and Liu 2007, Energy Policy 35:238): where the value comes out of zero or goes to zero, the factor that was zero takes
  the whole change; of several that were zero at once each takes an equal part (their logarithms go to infinity at one pace); the others take none.
#}
{% macro lmdi(relation, factors) -%}
select *,
    {%- for x in factors %}
    case
        when v_0 = v_1 and v_0 = 0 then 0.0
        when breaks > 0 then (v_1 - v_0) * ({{ lmdi_breaks(x) }}) / breaks
        when {{ x }}_0 is null or {{ x }}_1 is null then 0.0
        else mean_value * ln({{ x }}_1 / {{ x }}_0)
    end as {{ x }}_effect{% if not loop.last %},{% endif %}
    {%- endfor %}
from (
    select *, case when breaks = 0 then {{ log_mean('v_1', 'v_0') }} end as mean_value
    from (
        select *, {% for x in factors %}({{ lmdi_breaks(x) }}){% if not loop.last %} + {% endif %}{% endfor %} as breaks
        from {{ relation }}
    ) as with_breaks
) as with_mean
{%- endmacro %}

{# The factors of fct_driver_year. #}
{% macro driver_factors(prefix='') -%}
{{ return([
    prefix ~ 'population', prefix ~ 'gdp_per_head', prefix ~ 'structure', prefix ~ 'energy_intensity', prefix ~ 'fuel_mix', prefix ~ 'emission_factor',
    prefix ~ 'process_intensity',
]) }}
{%- endmacro %}
