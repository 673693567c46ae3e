{{ config(materialized='table') }}
with sold as (
    select
        v.vintage_id, d.prefecture, d.industry, d.period, d.mwh,
        rank() over (
            partition by v.vintage_id, d.prefecture, d.industry, d.period
            order by case when d.division_code = d.prefecture then 0 else 1 end, length(d.industry_code)
        ) as level
    from {{ ref('int_nowcast__vintage') }} as v
    inner join {{ ref('int_nowcast__driver') }} as d
        on d.driver = 'power_sold' and d.province = v.province and d.is_synthetic = v.is_synthetic
        and d.period between v.period - interval 12 month and v.period and {{ counts_at('d', 'v.as_of') }}
    where v.has_sales
),

sold_cell as (
    select vintage_id, prefecture, industry, period, sum(mwh) as mwh
    from sold
    where level = 1
    group by vintage_id, prefecture, industry, period
),

thermal as (
    select v.vintage_id, d.period, d.period = v.period as is_month, sum(d.mwh) as mwh
    from {{ ref('int_nowcast__vintage') }} as v
    inner join {{ ref('int_nowcast__driver') }} as d
        on d.driver = 'thermal_generation' and d.province = v.province and d.is_synthetic = v.is_synthetic
        and d.period between v.period - interval 12 month and v.period and {{ counts_at('d', 'v.as_of') }}
    where v.has_sales
    group by v.vintage_id, d.period, v.period
),

usable as (
    select vintage_id
    from thermal
    group by vintage_id
    having bool_or(is_month) and count(case when not is_month then 1 end) >= 6
),

by_generation as (
    select distinct u.vintage_id, m.prefecture, m.industry, n.measure
    from usable as u
    inner join {{ ref('int_nowcast__member') }} as m on m.vintage_id = u.vintage_id
    inner join {{ ref('nowcast_driver') }} as n on n.industry = m.industry and n.driver = 'thermal_generation'
)

select s.vintage_id, n.measure, s.prefecture, s.industry, s.period, 'power_sold' as driver, s.mwh
from sold_cell as s
inner join {{ ref('nowcast_driver') }} as n on n.industry = '*'
left join by_generation as g
    on g.vintage_id = s.vintage_id and g.prefecture = s.prefecture and g.industry = s.industry and g.measure = n.measure
where g.vintage_id is null
union all
select g.vintage_id, g.measure, g.prefecture, g.industry, t.period, 'thermal_generation', t.mwh
from by_generation as g
inner join thermal as t on t.vintage_id = g.vintage_id
