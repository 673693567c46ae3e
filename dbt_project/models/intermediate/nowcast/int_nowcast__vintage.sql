{{ config(materialized='table') }}
with night as (
    select knowledge_end, cast(date_trunc('month', knowledge_date) as date) as this_month from {{ of_night('night') }}
),

sold as (
    select province, is_synthetic, period, min(known_from) as known_from
    from {{ ref('int_nowcast__driver') }}
    where driver = 'power_sold'
    group by province, is_synthetic, period
),

latest as (
    select *, row_number() over (partition by province, is_synthetic order by period desc) as place from sold
),

areas as (
    select distinct left(division_code, 2) || '0000' as province, is_synthetic from {{ ref('stg_enterprise_register') }}
    where division_code is not null
),

months as (
    select a.province, a.is_synthetic, cast(n.this_month - to_months(cast(m as integer)) as date) as period
    from areas as a
    cross join night as n
    cross join range(1, 13) as t(m)
    union
    select province, is_synthetic, period from latest where place <= 12
)

select
    concat_ws(':', 'then', s.province, cast(s.period as varchar), cast(s.is_synthetic as varchar)) as vintage_id, 'then' as kind,
    s.province, s.period, s.is_synthetic, s.known_from as as_of, true as has_sales
from sold as s
cross join night as n
where s.period >= n.this_month - interval 24 month
union all
select
    concat_ws(':', 'now', m.province, cast(m.period as varchar), cast(m.is_synthetic as varchar)), 'now', m.province, m.period, m.is_synthetic,
    n.knowledge_end, s.period is not null
from months as m
cross join night as n
left join sold as s on s.province = m.province and s.is_synthetic = m.is_synthetic and s.period = m.period
where m.period >= {{ nowcast_horizon() }} + interval 13 month
