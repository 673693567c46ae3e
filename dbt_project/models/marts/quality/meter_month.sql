-- Meter readings of an enterprise summed to the month, with their completeness.
select
    cast(m.uscc as varchar) as uscc,
    cast(m.energy as varchar) as energy,
    cast(m.period as date) as period,
    cast(m.quantity as double) as quantity,
    cast(m.activity_unit as varchar) as unit,
    cast(m.meters as bigint) as meters,
    cast(m.collected as bigint) as collected,
    cast(m.due as bigint) as due,
    cast(m.doubtful as bigint) as doubtful,
    cast(m.estimated as bigint) as estimated,
    cast(m.days_below as bigint) as days_below,
    cast(least(m.collected, m.due) / nullif(m.due, 0) as double) as completeness,
    cast(least(m.collected, m.due) as bigint) as completeness_num,
    cast(m.due as bigint) as completeness_den,
    cast(m.is_synthetic as boolean) as is_synthetic
from {{ ref('int_meter__month') }} as m
