{#
  Series of single months that look like year to date: all months of the year that are there follow each other, six at least, from January
  or February, and each adds a good part of the first month's mean. Limits: rule Q03 of seed `quality_rule`.
  figures: a CTE with the series, year, month, value, batch_id, row_no and is_synthetic, one row a month.
#}
{% macro looks_to_date(figures, series) %}
{%- set columns = series | join(', ') -%}
select
    {{ columns }}, year,
    max(month) as last_month,
    max(value) as last_value,
    min(first_value_of_year) as first_value,
    max_by(batch_id, month) as batch_id,
    max_by(row_no, month) as row_no,
    bool_or(is_synthetic) as is_synthetic
from (
    select *,
        value - lag(value) over of_year as step,
        month - lag(month) over of_year as months,
        first_value(value) over of_year as first_value_of_year,
        first_value(month) over of_year as first_month
    from {{ figures }}
    window of_year as (partition by {{ columns }}, year order by month)
) as stepped
group by {{ columns }}, year
having count(*) >= {{ rule_limit('Q03-looks-year-to-date', 'least_count') }}
    and min(first_value_of_year) > 0.0 and min(first_month) <= 2
    and max(coalesce(months, 1)) = 1
    and min(step) >= {{ rule_limit('Q03-looks-year-to-date', 'lower_limit') }} * min(first_value_of_year) / min(first_month)
{% endmacro %}
