-- The effects of each row add up to the change (1e-9 of the greater year), the groups of a region to the region, and what is not held back has all.
select basis, factor_set, level, code, industry, period, from_period, residual_tco2e as difference
from {{ ref('fct_driver_year') }}
where hold_code is null
    and (residual_tco2e is null or abs(residual_tco2e) > 1e-9 * greatest(abs(from_tco2e), abs(to_tco2e), 0.001))
union all
select g.basis, g.factor_set, g.level, g.code, '', g.period, g.from_period, r.change_tco2e - sum(g.change_tco2e)
from {{ ref('fct_driver_year') }} as g
inner join {{ ref('fct_driver_year') }} as r
    on r.industry = '' and r.basis = g.basis and r.factor_set = g.factor_set and r.level = g.level and r.code = g.code and r.period = g.period
    and r.from_period = g.from_period
where g.industry <> ''
group by g.basis, g.factor_set, g.level, g.code, g.period, g.from_period, r.change_tco2e
having r.change_tco2e <> sum(g.change_tco2e)
