{#
  Series of single months that look like year to date: all months of the year that are there follow each other, six at least, from January
  or February, and each adds a good part of the first month's mean. Limits: rule Q03 of seed `quality_rule`.
  figures: a CTE with the series, year, month, value, batch_id, row_no and is_synthetic, one row a month.
#}
{% macro looks_to_date(figures, series, begun=false) %}
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
    {%- if begun %}
    where value > 0.0   -- a month that was left out, or reported as 0, ends no running sum
    {%- endif %}
    window of_year as (partition by {{ columns }}, year order by month)
) as stepped
group by {{ columns }}, year
having min(first_value_of_year) > 0.0 and min(first_month) <= 2
    {%- if begun %}
    and max(coalesce(months, 1)) <= 3
    and min(step / months) >= {{ rule_limit('Y01-looks-year-to-date', 'lower_limit') }} * min(first_value_of_year) / min(first_month)
    -- a year that has begun is told where every step is about the first month again
    and (count(*) >= {{ rule_limit('Q03-looks-year-to-date', 'least_count') }}
        or (count(*) >= {{ rule_limit('Y01-looks-year-to-date', 'least_count') }}
            and min(step / months) >= (1.0 - {{ rule_limit('Y01-looks-year-to-date') }}) * min(first_value_of_year) / min(first_month)
            and max(step / months) <= (1.0 + {{ rule_limit('Y01-looks-year-to-date') }}) * min(first_value_of_year) / min(first_month)))
    {%- else %}
    and count(*) >= {{ rule_limit('Q03-looks-year-to-date', 'least_count') }}
    and max(coalesce(months, 1)) = 1
    and min(step) >= {{ rule_limit('Q03-looks-year-to-date', 'lower_limit') }} * min(first_value_of_year) / min(first_month)
    {%- endif %}
{% endmacro %}
