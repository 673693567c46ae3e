-- 95 % intervals of the totals by month: every level, and each enterprise.
with {{ uncertain_totals('c.period', "c.period_grain = 'month'") }}

select
    cast(v.level as varchar) as level, cast(v.code as varchar) as code, cast(v.total_period as date) as period, cast(v.measure as varchar) as measure,
    {{ interval_columns('v.value', 'h') }},
    cast(v.is_synthetic as boolean) as is_synthetic
from total_value as v
left join half_width as h on h.level = v.level and h.code = v.code and h.total_period = v.total_period and h.measure = v.measure
order by period, level, code, measure
