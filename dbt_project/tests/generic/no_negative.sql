{# A quantity that cannot be below zero. #}
{% test no_negative(model, column_name) %}
select *
from {{ model }}
where {{ column_name }} < 0
{% endtest %}
