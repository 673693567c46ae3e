{{ config(materialized='table') }}
{% for name in ['energy', 'process', 'power_heat', 'output'] -%}
select distinct uscc, slice_year, period, period_grain, 'enterprise_{{ name }}' as source, is_synthetic
from {{ ref('int_current__' ~ name) }}
where {{ counts() }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
