{# The rows of a current table that make lines: not in conflict, not superseded, with their boundary. #}
{% macro lines_from(current, alias='r') -%}
from {{ ref(current) }} as {{ alias }}
inner join {{ ref('int_ledger__boundary') }} as b
    on b.uscc = {{ alias }}.uscc and b.period = {{ alias }}.period and b.period_grain = {{ alias }}.period_grain
where {{ alias }}.conflict is null and {{ alias }}.superseded_by is null and {{ affected(alias) }}
{%- endmacro %}

{# The worse of two tiers, by their order in seed `factor_tier`. #}
{% macro worse_tier(a, b) -%}
case
    when {{ a }} is null then {{ b }}
    when {{ b }} is null then {{ a }}
    when {{ tier_rank(a) }} >= {{ tier_rank(b) }} then {{ a }} else {{ b }}
end
{%- endmacro %}

{% macro tier_rank(tier) -%}
case {{ tier }}
    when 'measured' then 1 when 'declared' then 2 when 'method_default' then 3 when 'borrowed_set' then 4
    when 'other_year' then 5 when 'wider_area' then 6 else 7
end
{%- endmacro %}

{# The columns that every building block hands to the ledger. #}
{% macro line_columns() -%}
uscc, period, period_grain, slice_year, unit_code, emission_source, item, stream, part, gas, electricity_view,
activity_quantity, activity_unit, factor_id, factor_value, factor_unit, factor_tier, gas_t, formula, energy_tce, hold,
delivery_source, batch_id, row_no, is_synthetic
{%- endmacro %}
