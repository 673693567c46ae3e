{# A setting of the bridge, as text; seed `reconciliation_setting` is its one home. #}
{% macro bridge_setting(name) -%}
(select value from {{ ref('reconciliation_setting') }} where name = '{{ name }}')
{%- endmacro %}

{# Tonnes (three decimals) as whole kilograms. #}
{% macro kilograms(tonnes) -%}
cast(cast({{ tonnes }} as decimal(38, 3)) * 1000 as hugeint)
{%- endmacro %}

{# Sectors of the inventory that the accounts of industry do not hold: each is a part of `non_industrial` with a key of its own. #}
{% macro non_industrial_sectors() -%}
('agriculture', 'transport', 'trade', 'other_services', 'urban', 'rural', 'household')
{%- endmacro %}

{# Fields of the totals that hold industrial accounts. #}
{% macro industrial_fields() -%}
('industry', 'energy_supply')
{%- endmacro %}
