{{ config(materialized='table') }}
-- The scored cells added up by level, month and measure.
with levels as (
    {% for level, code in nowcast_levels().items() -%}
    select '{{ level }}' as level, {{ code }} as code, s.*
    from {{ ref('int_nowcast__score') }} as s
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}
)

select
    level, code, period, measure, max(as_of) as as_of, sum(estimate_tco2e) as estimate_tco2e, sum(reported_tco2e) as reported_tco2e,
    count(*) as cells, bool_or(is_synthetic) as is_synthetic
from levels
group by level, code, period, measure
