{# Written by `make sources` from pipelines/contracts/sources and models/intermediate/rule: do not edit. #}

{# The sources of the lake: column and length of their slices (none: one slice), the quantity whose sum must balance, and the columns of
   enterprise and period that a finding names. #}
{% macro lake_sources() %}
{{ return([
    {'name': 'allowance', 'column': 'year', 'slice': 'year', 'quantity': 'tonnes', 'uscc': 'uscc', 'period': 'year'},
    {'name': 'carbon_sink', 'column': 'year', 'slice': 'year', 'quantity': 'quantity', 'uscc': none, 'period': 'year'},
    {'name': 'certificate', 'column': none, 'slice': 'static', 'quantity': 'mwh', 'uscc': 'uscc', 'period': 'vintage'},
    {'name': 'credit', 'column': 'year', 'slice': 'year', 'quantity': 'tonnes', 'uscc': 'uscc', 'period': 'year'},
    {'name': 'division', 'column': none, 'slice': 'static', 'quantity': none, 'uscc': none, 'period': none},
    {'name': 'emission_factor', 'column': none, 'slice': 'static', 'quantity': none, 'uscc': none, 'period': none},
    {'name': 'energy_balance', 'column': 'year', 'slice': 'year', 'quantity': 'quantity', 'uscc': none, 'period': 'year'},
    {'name': 'enterprise_energy', 'column': 'period', 'slice': 'month', 'quantity': 'consumed', 'uscc': 'uscc', 'period': 'period'},
    {'name': 'enterprise_output', 'column': 'period', 'slice': 'month', 'quantity': 'quantity', 'uscc': 'uscc', 'period': 'period'},
    {'name': 'enterprise_power_heat', 'column': 'period', 'slice': 'month', 'quantity': 'quantity', 'uscc': 'uscc', 'period': 'period'},
    {'name': 'enterprise_process', 'column': 'period', 'slice': 'month', 'quantity': 'quantity', 'uscc': 'uscc', 'period': 'period'},
    {'name': 'enterprise_register', 'column': none, 'slice': 'static', 'quantity': none, 'uscc': 'uscc', 'period': none},
    {'name': 'grid_exchange', 'column': 'period', 'slice': 'year', 'quantity': 'quantity', 'uscc': none, 'period': 'period'},
    {'name': 'grid_generation', 'column': 'period', 'slice': 'year', 'quantity': 'generation', 'uscc': none, 'period': 'period'},
    {'name': 'grid_sales', 'column': 'period', 'slice': 'year', 'quantity': 'quantity', 'uscc': none, 'period': 'period'},
    {'name': 'industry_class', 'column': none, 'slice': 'static', 'quantity': none, 'uscc': none, 'period': none},
    {'name': 'known_issue', 'column': none, 'slice': 'static', 'quantity': none, 'uscc': none, 'period': 'period'},
    {'name': 'meter_reading', 'column': 'period', 'slice': 'month', 'quantity': 'value', 'uscc': 'uscc', 'period': 'period', 'bulk': true},
    {'name': 'plan_target', 'column': none, 'slice': 'static', 'quantity': none, 'uscc': none, 'period': none},
    {'name': 'power_unit_month', 'column': 'period', 'slice': 'month', 'quantity': 'coal_t', 'uscc': 'uscc', 'period': 'period'},
    {'name': 'project_list', 'column': none, 'slice': 'static', 'quantity': none, 'uscc': 'uscc', 'period': none},
    {'name': 'published_check', 'column': none, 'slice': 'static', 'quantity': none, 'uscc': none, 'period': 'year'},
    {'name': 'sector_statistics', 'column': 'period', 'slice': 'year', 'quantity': 'value', 'uscc': none, 'period': 'period'},
    {'name': 'steward_decision', 'column': none, 'slice': 'static', 'quantity': none, 'uscc': none, 'period': none},
    {'name': 'target_observation', 'column': 'period', 'slice': 'year', 'quantity': 'value', 'uscc': none, 'period': 'period'},
]) }}
{% endmacro %}

{# The rules on the current view: each a model int_rule__<name> whose rows are findings (rule_finding). #}
{% macro rule_models() %}
{{ return([
    'certificate',
    'compliance',
    'digit',
    'energy',
    'energy_total',
    'factor',
    'grain',
    'grid_sales',
    'monitoring',
    'operation',
    'own_figure',
    'pair',
    'parameter',
    'pattern',
    'power_unit',
    'process',
    'product',
    'reconciliation',
    'series',
    'statistics',
    'succession',
    'triangulation',
]) }}
{% endmacro %}
