{# A table that is written before each build. Staging reads the source, whatever rests on staging its model of it: the one way to either. #}
{% macro of_night(name) -%}
{{ source('registry', name) if model.original_file_path.startswith('models/staging/') else ref('stg_registry__' ~ name) }}
{%- endmacro %}

{# A setting of the night: knowledge_date, knowledge_end, home_province, common_gwp_set, second_signature_above. #}
{% macro night(setting) -%}
(select {{ setting }} from {{ of_night('night') }})
{%- endmacro %}

{# The last moment known. #}
{% macro knowledge_end() -%}
{{ night('knowledge_end') }}
{%- endmacro %}

{# The one set of rows that is known at the knowledge date, each in the version that the decisions in force make of it. #}
{% macro known(alias) -%}
{{ alias }}.known_at <= {{ knowledge_end() }} and {{ in_version(alias) }}
{%- endmacro %}

{# Rows of enterprise sources that the night has to work on: the affected enterprises and years. #}
{% macro affected(alias) -%}
exists (
    select 1 from {{ of_night('affected') }} as a
    where a.uscc = {{ alias }}.uscc and a.slice_year = year({{ alias }}.period)
)
{%- endmacro %}

{# Before an incremental model writes its slices anew, the old ones go: also those that have no rows any more. #}
{% macro delete_affected() -%}
{% if is_incremental() %}
delete from {{ this }}
where (uscc, slice_year) in (select uscc, slice_year from {{ of_night('affected') }})
{% else %}
select 1
{% endif %}
{%- endmacro %}

{# Rows of a bulk source in the months that the night has to work on. #}
{% macro affected_month(source_name, alias) -%}
{{ alias }}.period in {{ affected_months(source_name) }}
{%- endmacro %}

{% macro affected_months(source_name) -%}
(select period from {{ of_night('affected_month') }} where source = '{{ source_name }}')
{%- endmacro %}

{# Before an incremental model of a bulk source writes its months anew, the old ones go. #}
{% macro delete_affected_months(source_name) -%}
{% if is_incremental() %}
delete from {{ this }}
where period in {{ affected_months(source_name) }}
{% else %}
select 1
{% endif %}
{%- endmacro %}
