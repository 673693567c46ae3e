-- Estimates and their scores add up to the same at every level, to the kilogram.
with added as (
    select 'nowcast' as what, level, period, measure, sum(estimate_tco2e) as estimate_tco2e, cast(0 as decimal(18, 3)) as reported_tco2e
    from {{ ref('fct_nowcast_month') }}
    group by level, period, measure
    union all
    select 'error', level, period, measure, sum(estimate_tco2e), sum(reported_tco2e)
    from {{ ref('fct_nowcast_error') }}
    group by level, period, measure
)

select what, period, measure
from added
group by what, period, measure
having min(estimate_tco2e) <> max(estimate_tco2e) or min(reported_tco2e) <> max(reported_tco2e)
    or count(estimate_tco2e) not in (0, count(*)) or count(*) <> {{ nowcast_levels() | length }}
