{{ config(materialized='table') }}
with levels as (
    {% for level, code in nowcast_levels().items() -%}
    select '{{ level }}' as level, {{ code }} as code, s.*
    from {{ ref('int_nowcast__score') }} as s
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}
)

select
    level, code, period, measure, max(as_of) as as_of, sum(case when is_scored then estimate_tco2e else 0 end) as estimate_tco2e,
    sum(case when is_scored then reported_tco2e else 0 end) as reported_tco2e, count(case when is_scored then 1 end) as cells,
    count(case when not is_scored then 1 end) as unscored_cells, sum(case when not is_scored then estimate_tco2e else 0 end) as unscored_estimate_tco2e,
    bool_or(is_synthetic) as is_synthetic
from levels
group by level, code, period, measure
having bool_or(is_scored)
