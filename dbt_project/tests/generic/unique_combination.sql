{# No two rows agree in all of `columns`; a null counts as a value of its own. #}
{% test unique_combination(model, columns) %}
select {{ columns | join(', ') }}, count(*) as found
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
