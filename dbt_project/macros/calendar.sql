{# When a monthly form falls due: the day of the next month that seed `deadline` names (its one home), or that month's last. #}
{% macro due_on(period, days) -%}
cast(least({{ period }} + interval 1 month + to_days(cast({{ days }} - 1 as integer)), last_day(cast({{ period }} + interval 1 month as date))) as date)
{%- endmacro %}

{# Whether that day is over at the knowledge date: the due day itself still counts as in time. #}
{% macro is_due(period, days) -%}
{{ due_on(period, days) }} < cast({{ knowledge_end() }} as date)
{%- endmacro %}

{# The last month that is due of a form that is due by `days` of the next month: the month before this one, or the one before that. #}
{% macro last_due_month(days) -%}
{%- set before = "cast(date_trunc('month', cast(" ~ knowledge_end() ~ " as date)) - interval 1 month as date)" -%}
cast(case when {{ is_due(before, days) }} then {{ before }} else {{ before }} - interval 1 month end as date)
{%- endmacro %}
