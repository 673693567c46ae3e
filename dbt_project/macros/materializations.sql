{#
  How a model becomes a table or a view: dropped and made anew within one transaction, so that whoever reads sees the old one or the new one.
  dbt's own way makes it under another name, renames twice and drops a third: four statements and a cache of names to keep for each of
  hundreds of models, which was a quarter of a small night. No model has indexes, grants, foreign keys or partitions, so none are kept here.
#}
{% macro drop_what_is_there(target_relation) -%}
{%- set existing = load_cached_relation(this) -%}
drop {{ existing.type if existing is not none else target_relation.type }} if exists {{ target_relation }};
{%- endmacro %}

{# Words of a published table and its columns, all in one statement; the contract has made sure that the columns are there. #}
{% macro write_comments(relation, model) -%}
{%- if config.persist_relation_docs() or config.persist_column_docs() -%}
  {% call statement() -%}
    {%- if config.persist_relation_docs() and model.description %}
comment on {{ relation.type }} {{ relation }} is {{ duckdb_escape_comment(model.description) }};
    {%- endif -%}
    {%- if config.persist_column_docs() -%}
      {%- for column in model.columns.values() %}
comment on column {{ relation }}.{{ adapter.quote(column.name) }} is {{ duckdb_escape_comment(column.description) }};
      {%- endfor -%}
    {%- endif -%}
  {%- endcall %}
{%- endif -%}
{%- endmacro %}

{% macro made_anew(type) %}
  {%- set target_relation = this.incorporate(type=type) -%}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}
  {% call statement('main') -%}
    {{ drop_what_is_there(target_relation) }}
    {{ duckdb__create_table_as(False, target_relation, compiled_code) if type == 'table' else duckdb__create_view_as(target_relation, compiled_code) }}
  {%- endcall %}
  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {% do write_comments(target_relation, model) %}
  {{ adapter.commit() }}
  {{ return({'relations': [target_relation]}) }}
{% endmacro %}

{% materialization table, adapter='duckdb', supported_languages=['sql'] %}
  {{ return(made_anew('table')) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb', supported_languages=['sql'] %}
  {{ return(made_anew('view')) }}
{% endmaterialization %}
