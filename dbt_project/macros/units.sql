{# The dimension of quantities whose canonical unit is given: which rows of seed `unit` apply. #}
{% macro dimension_of(canonical_unit) -%}
case {{ canonical_unit }}
    when 't' then 'mass' when '1e4 Nm3' then 'gas_volume' when 'GJ' then 'energy' when 'MWh' then 'electricity' when 'tce' then 'tce'
end
{%- endmacro %}

{# A quantity in its canonical unit. `u` is the joined row of seed `unit`; a blank unit means the canonical one. #}
{% macro to_canonical(column, u) -%}
{{ column }} * coalesce({{ u }}.factor, 1.0)
{%- endmacro %}

{#
  Tonnes to the kilogram: rounded once, half away from zero. The hair (1e-13) undoes binary fractions such as 0.0005. Whole kilograms are counted out in
  decimals, so that no digit is asked of a double that it does not hold.
#}
{% macro tonnes(x) -%}
cast(cast(round({{ x }} * 1000.0 * (1.0 + 1e-13)) as decimal(18, 0)) * cast(0.001 as decimal(4, 3)) as decimal(18, 3))
{%- endmacro %}
