with digits as (
    select d.uscc, case when f.fuel_group = 'coal' then 'coal' else f.fuel_code end as quantity,
        max(d.period) as period, d.digit, count(*) as n
    from {{ ref('stg_enterprise_energy__digit') }} as d
    inner join {{ ref('fuel') }} as f on f.energy = d.energy
    group by d.uscc, case when f.fuel_group = 'coal' then 'coal' else f.fuel_code end, d.digit
)

select uscc, quantity, max(period) as period, sum(n) as figures,
    10.0 * sum(n * n) / sum(n) - sum(n) as chi_square
from digits
group by uscc, quantity
having sum(n) >= {{ rule_limit('R62-last-digit', 'least_count') }}
