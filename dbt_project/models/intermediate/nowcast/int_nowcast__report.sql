{{ config(materialized='table') }}
with delivered as (
    {% for name in ['energy', 'process', 'power_heat'] -%}
    select uscc, 'enterprise_{{ name }}' as source, period, period_grain, known_at
    from {{ ref('stg_enterprise_' ~ name) }}
    where period >= {{ nowcast_horizon() }} - interval 11 month
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}
),

by_month as (
    select uscc, source, period, false as is_yearly, known_at from delivered where period_grain = 'month'
    union all
    select d.uscc, d.source, cast(d.period + to_months(cast(m as integer)) as date), true, d.known_at
    from delivered as d
    cross join range(0, 12) as t(m)
    where d.period_grain = 'year'
)

select uscc, source, period, min(known_at) as known_from, bool_and(is_yearly) as is_yearly
from by_month
where period >= {{ nowcast_horizon() }}
group by uscc, source, period
