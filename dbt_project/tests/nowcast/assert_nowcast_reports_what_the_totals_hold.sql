-- What a nowcast calls reported is what the totals hold, to the kilogram: an estimate is never in a total, and no report is lost in a nowcast.
select n.level, n.code, n.period, n.measure, n.reported_tco2e, t.direct_tco2e, t.purchased_power_location_tco2e
from {{ ref('fct_nowcast_month') }} as n
left join {{ ref('fct_total_month') }} as t on t.level = n.level and t.code = n.code and t.period = n.period
where n.level <> 'prefecture_field'
    and n.reported_tco2e <> coalesce(case n.measure when 'direct_tco2e' then t.direct_tco2e else t.purchased_power_location_tco2e end, 0)
