{# A figure as a reader writes it: four decimals at most, none that are zero; nothing where there is none. #}
{% macro figure_text(x) -%}
coalesce({{ shown(x, 4) }}, '')
{%- endmacro %}

{# A reason with its figures: `text` is a template of seed target_reason, `q` the qualifier, `unit` the unit, with the blank that stands before it. #}
{% macro reason_text(text, q, unit, blank='') -%}
replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace({{ text }},
    '{obs}', {{ figure_text('j.v') }}), '{year}', coalesce(cast(j.observed_year as varchar), cast(j.year as varchar))),
    '{period}', cast(j.year as varchar)), '{target}', {{ figure_text('j.target_value') }}), '{target_year}', cast(j.target_year as varchar)),
    '{low}', {{ figure_text('j.low') }}), '{high}', {{ figure_text('j.high') }}), '{stretch}', {{ figure_text('j.stretch_value') }}),
    '{projected}', {{ figure_text('j.projected_value') }}), '{ref_year}', coalesce(cast(j.reference_year as varchar), '')),
    '{ref}', {{ figure_text('j.reference_value') }}), '{base}', coalesce(j.base, '')),
    '{{ blank }}{unit}', coalesce('{{ blank }}' || nullif({{ unit }}, ''), '')), '{qualifier}', coalesce({{ q }}, ''))
{%- endmacro %}
