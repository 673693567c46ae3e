{#
  The SQL of the year of a row in a table that closed years stand in; none while no year is closed. Which tables these are, and their rows
  (closed.<table>), is written into the build database before each build: a model cannot name what is there on some nights only.
#}
{% macro closed_year_sql(name) -%}
{%- if execute -%}
    {%- set found = run_query("select year_sql from registry.closed_table where name = '" ~ name ~ "'") -%}
    {%- if found.rows | length > 0 -%}{{ return(found.rows[0][0]) }}{%- endif -%}
{%- endif -%}
{{ return(none) }}
{%- endmacro %}

{# After a table is built: rows of closed years give way to those that the closing release knew. #}
{% macro stand_closed() -%}
{%- set year = closed_year_sql(this.name) -%}
{%- if year -%}
delete from {{ this }} where {{ year }} in (select year from registry.closed_year);
insert into {{ this }} by name select * from closed.{{ this.name }};
{%- endif -%}
{%- endmacro %}

{# The same for a view: `open` is the SQL of its rows, closed years among them. #}
{% macro with_closed_years(open) -%}
{%- set year = closed_year_sql(this.name) -%}
{%- if year -%}
select * from ({{ open }}) as known_today where {{ year }} not in (select year from registry.closed_year)
union all by name
select * from closed.{{ this.name }}
{%- else -%}
{{ open }}
{%- endif -%}
{%- endmacro %}
