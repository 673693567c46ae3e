-- What the project's own figures say about a target, by the name that seed `target_rule` gives (own_series).
-- capacity:<source> [1e4 kW]: at the end of the year. co2_intensity_reduction [%]: against 2005, energy CO2 of the top-down inventory over
-- GDP at prices of 2005 (never at current prices: inflation would count as reduction). peak_year: the year of the greatest inventory,
-- only when five later years are known.
with capacity as (
    select
        area as division_code, cast(year(period) as integer) as year, 'capacity:' || partner as series,
        cast(max(capacity_mw) as double) / 10.0 as value, cast(null as double) as num, cast(null as double) as den,
        'grid_generation' as source, '' as vintage, bool_or(is_synthetic) as is_synthetic
    from {{ ref('int_grid__fact') }}
    where basis = 'grid_statistics' and flow = 'generation' and capacity_mw is not null
        and (grain = 'year' or (grain = 'month' and month(period) = 12))
    group by area, year(period), partner
),

inventory as (
    select division_code, year, sum(emission_tco2) as tco2, bool_or(is_synthetic) as is_synthetic
    from {{ ref('int_inventory__emission') }}
    where factor_set = 'ceads_uniform' and sector <> 'process'
    group by division_code, year
),

gdp as (
    select
        division_code, cast(year(period) as integer) as year, value, vintage, is_synthetic,
        row_number() over (
            partition by division_code, year(period)
            order by is_synthetic, case vintage when '修订' then 0 when '' then 1 else 2 end, published_on desc nulls last, received_at desc
        ) as choice
    from {{ ref('int_sector_statistics__current') }}
    where conflict is null and period_grain = 'year' and period_kind = '当期' and industry_code = ''
        and replace(replace(indicator, '（', '('), '）', ')') = '地区生产总值(2005年价格)'
),

intensity as (
    select
        i.division_code, i.year, cast(i.tco2 as double) / nullif(g.value, 0.0) as value, g.vintage,
        i.is_synthetic or g.is_synthetic as is_synthetic
    from inventory as i
    inner join gdp as g on g.choice = 1 and g.division_code = i.division_code and g.year = i.year
),

peak as (
    select
        division_code, year, tco2, is_synthetic,
        row_number() over (partition by division_code order by tco2 desc, year) as place,
        max(year) over (partition by division_code) as last_year,
        bool_or(is_synthetic) over (partition by division_code) as any_synthetic
    from inventory
)

select * from capacity
union all
select
    i.division_code, i.year, 'co2_intensity_reduction', (1.0 - i.value / b.value) * 100.0, i.value, b.value,
    'energy_balance + sector_statistics', i.vintage, i.is_synthetic or b.is_synthetic
from intensity as i
inner join intensity as b on b.division_code = i.division_code and b.year = 2005 and i.year > 2005
union all
select p.division_code, p.last_year, 'peak_year', p.year, null, null, 'energy_balance', '', p.any_synthetic
from peak as p
inner join (
    select a.division_code, count(*) as later
    from inventory as a
    inner join peak as m on m.place = 1 and m.division_code = a.division_code and a.year > m.year
    group by a.division_code
) as l on l.division_code = p.division_code and l.later >= 5
where p.place = 1
