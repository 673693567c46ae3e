{# Rows of a bulk source in the months that the night has to work on. #}
{% macro affected_month(source_name, alias) -%}
{{ alias }}.period in (select period from {{ source('registry', 'affected_month') }} where source = '{{ source_name }}')
{%- endmacro %}

{# Before an incremental model of a bulk source writes its months anew, the old ones go. #}
{% macro delete_affected_months(source_name) -%}
{% if is_incremental() %}
delete from {{ this }}
where period in (select period from {{ source('registry', 'affected_month') }} where source = '{{ source_name }}')
{% else %}
select 1
{% endif %}
{%- endmacro %}
