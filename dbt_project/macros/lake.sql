{# The sources of the lake: name, column and length of its slices (none: one slice), and the quantity whose sum must balance. #}
{% macro lake_sources() %}
{{ return([
    {'name': 'allowance', 'column': 'year', 'slice': 'year', 'quantity': 'tonnes'},
    {'name': 'carbon_sink', 'column': 'year', 'slice': 'year', 'quantity': 'quantity'},
    {'name': 'certificate', 'column': none, 'slice': 'static', 'quantity': 'mwh'},
    {'name': 'credit', 'column': 'year', 'slice': 'year', 'quantity': 'tonnes'},
    {'name': 'division', 'column': none, 'slice': 'static', 'quantity': none},
    {'name': 'emission_factor', 'column': none, 'slice': 'static', 'quantity': none},
    {'name': 'energy_balance', 'column': 'year', 'slice': 'year', 'quantity': 'quantity'},
    {'name': 'enterprise_energy', 'column': 'period', 'slice': 'month', 'quantity': 'consumed'},
    {'name': 'enterprise_output', 'column': 'period', 'slice': 'month', 'quantity': 'quantity'},
    {'name': 'enterprise_power_heat', 'column': 'period', 'slice': 'month', 'quantity': 'quantity'},
    {'name': 'enterprise_process', 'column': 'period', 'slice': 'month', 'quantity': 'quantity'},
    {'name': 'enterprise_register', 'column': none, 'slice': 'static', 'quantity': none},
    {'name': 'grid_exchange', 'column': 'period', 'slice': 'year', 'quantity': 'quantity'},
    {'name': 'grid_generation', 'column': 'period', 'slice': 'year', 'quantity': 'generation'},
    {'name': 'grid_sales', 'column': 'period', 'slice': 'year', 'quantity': 'quantity'},
    {'name': 'industry_class', 'column': none, 'slice': 'static', 'quantity': none},
    {'name': 'meter_reading', 'column': 'period', 'slice': 'month', 'quantity': 'value', 'bulk': true},
    {'name': 'plan_target', 'column': none, 'slice': 'static', 'quantity': none},
    {'name': 'power_unit_month', 'column': 'period', 'slice': 'month', 'quantity': 'coal_t'},
    {'name': 'project_list', 'column': none, 'slice': 'static', 'quantity': none},
    {'name': 'published_check', 'column': none, 'slice': 'static', 'quantity': none},
    {'name': 'sector_statistics', 'column': 'period', 'slice': 'year', 'quantity': 'value'},
    {'name': 'steward_decision', 'column': none, 'slice': 'static', 'quantity': none},
    {'name': 'target_observation', 'column': 'period', 'slice': 'year', 'quantity': 'value'},
]) }}
{% endmacro %}

{# The slice of a row, as the registry names it. #}
{% macro lake_slice(of, alias) -%}
{%- if of.column is none -%} 'all'
{%- elif of.column == 'year' -%} 'year=' || cast({{ alias }}.year as varchar)
{%- else -%} strftime({{ alias }}.period, '{{ of.slice }}={{ '%Y-%m' if of.slice == 'month' else '%Y' }}')
{%- endif -%}
{%- endmacro %}
