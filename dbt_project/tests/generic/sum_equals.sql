{#
  Conservation: the sum of `column_name` over `by` equals that of `to_column` in `to`, in both directions.
  tolerance: largest difference allowed, 0 for columns that are exact decimals.
#}
{% test sum_equals(model, column_name, to, to_column, by, tolerance=0, to_where=none) %}
with here as (
    select {{ by | join(', ') }}, sum({{ column_name }}) as total
    from {{ model }}
    group by {{ by | join(', ') }}
),

there as (
    select {{ by | join(', ') }}, sum({{ to_column }}) as total
    from {{ to }}
    {% if to_where %}where {{ to_where }}
    {% endif %}group by {{ by | join(', ') }}
),

difference as (
    select {{ by | join(', ') }}, here.total as here_total, there.total as there_total
    from here
    full outer join there using ({{ by | join(', ') }})
)

select *
from difference
where abs(coalesce(here_total, 0) - coalesce(there_total, 0)) > {{ tolerance }}
    or (here_total is null) <> (there_total is null)
{% endtest %}
