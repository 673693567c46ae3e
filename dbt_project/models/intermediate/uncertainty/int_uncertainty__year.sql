{{ config(materialized='table') }}
with {{ uncertain_totals('make_date(c.slice_year, 1, 1)', 'true') }},

-- the ETS scope of an enterprise, in the GWP set of its method
ets_value as (
    select l.uscc as code, make_date(cast(l.slice_year as bigint), 1, 1) as total_period, cast(sum(l.amount) as decimal(18, 3)) as value
    from {{ ref('int_uncertainty__line') }} as l
    where l.measure = 'ets_direct_tco2e'
    group by l.uscc, l.slice_year
)

select
    'ledger' as basis, '' as factor_set, v.level, v.code, v.total_period as period, v.measure, v.value,
    h.variance, h.factor_variance, h.independent_variance, h.largest_error, h.largest_variance, v.is_synthetic
from total_value as v
left join half_width as h on h.level = v.level and h.code = v.code and h.total_period = v.total_period and h.measure = v.measure
union all
select
    'ledger', '', 'enterprise', e.code, e.total_period, 'ets_direct_tco2e', e.value,
    h.variance, h.factor_variance, h.independent_variance, h.largest_error, h.largest_variance, v.is_synthetic
from ets_value as e
inner join value_sum as v on v.level = 'enterprise' and v.code = e.code and v.total_period = e.total_period
left join half_width as h
    on h.level = 'enterprise' and h.code = e.code and h.total_period = e.total_period and h.measure = 'ets_direct_tco2e'
union all
select * from {{ ref('int_uncertainty__inventory_year') }}
