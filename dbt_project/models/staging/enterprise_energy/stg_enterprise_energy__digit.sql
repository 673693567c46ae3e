with figures as (
    select r.uscc, r.energy, r.period, r.unit, unnest([r.purchased, r.closing_stock]) as figure
    from {{ source('lake', 'enterprise_energy') }} as r
    where {{ known('r') }} and r.period_grain = 'month'
),

written as (
    select *, max(case when cast(figure as varchar) like '%.%' and cast(figure as varchar) not like '%.0' then length(split_part(cast(figure as varchar), '.', 2)) else 0 end)
        over (partition by uscc, energy, unit) as decimals
    from figures where figure > 0 and figure < 1e12
)

select uscc, energy, period, cast(round(figure * pow(10, decimals)) as bigint) % 10 as digit
from written
where decimals between 1 and 4
