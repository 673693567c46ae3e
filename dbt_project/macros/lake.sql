{# The model that says which rows of a source count, and which are in conflict. The sources themselves: lake_sources, in lists.sql. #}
{% macro current_view(source_name) -%}
{{ return({
    'emission_factor': 'int_factor__known',
    'enterprise_energy': 'int_current__energy',
    'enterprise_output': 'int_current__output',
    'enterprise_power_heat': 'int_current__power_heat',
    'enterprise_process': 'int_current__process',
    'enterprise_register': 'int_current__register',
    'meter_reading': 'int_meter__contested',
    'power_unit_month': 'int_current__power_unit',
}.get(source_name, 'int_current__' ~ source_name)) }}
{%- endmacro %}

{# The slice of a row, as the registry names it. #}
{% macro lake_slice(of, alias) -%}
{%- if of.column is none -%} 'all'
{%- elif of.column == 'year' -%} 'year=' || cast({{ alias }}.year as varchar)
{%- else -%} strftime({{ alias }}.period, '{{ of.slice }}={{ '%Y-%m' if of.slice == 'month' else '%Y' }}')
{%- endif -%}
{%- endmacro %}
