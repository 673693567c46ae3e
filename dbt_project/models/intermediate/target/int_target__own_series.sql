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
            order by is_synthetic, {{ vintage_rank() }}, published_on desc nulls last, received_at desc,
                batch_id, row_no
        ) as choice
    from {{ ref('int_current__sector_statistics') }}
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

topped as (
    select
        *, max(tco2) over (partition by division_code) as top_tco2, max(year) over (partition by division_code) as last_year,
        bool_or(is_synthetic) over (partition by division_code) as any_synthetic
    from inventory
    where tco2 is not null
),

top_interval as (
    select
        t.division_code,
        max(coalesce(sqrt(u.variance) / nullif(abs(cast(u.value as double)), 0.0), b.half_width)) as half_width
    from topped as t
    inner join {{ ref('target_band') }} as b on b.band_kind = 'peak'
    left join {{ ref('int_uncertainty__inventory_year') }} as u
        on u.basis = 'inventory' and u.factor_set = 'ceads_uniform' and u.code = t.division_code and u.period = make_date(t.year, 1, 1)
    where t.tco2 = t.top_tco2
    group by t.division_code
),

-- years that cannot be told apart from the greatest: the last of them is where the peak may still lie
peak as (
    select
        t.division_code, t.last_year, t.any_synthetic, min(case when t.tco2 = t.top_tco2 then t.year end) as peak_year,
        max(case when cast(t.tco2 as double) >= cast(t.top_tco2 as double) * (1.0 - w.half_width) then t.year end) as latest_possible,
        max(cast(case when t.tco2 = t.top_tco2 then t.tco2 end as double)) as peak_tco2
    from topped as t
    inner join top_interval as w on w.division_code = t.division_code
    group by t.division_code, t.last_year, t.any_synthetic
),

followed as (
    select
        p.division_code, count(*) as later, max(cast(i.tco2 as double)) as greatest_later_tco2
    from peak as p
    inner join inventory as i on i.division_code = p.division_code and i.year > p.latest_possible and i.tco2 is not null
    group by p.division_code
)

select * from capacity
union all
select
    i.division_code, i.year, 'co2_intensity_reduction', (1.0 - i.value / b.value) * 100.0, i.value, b.value,
    'energy_balance + sector_statistics', i.vintage, i.is_synthetic or b.is_synthetic
from intensity as i
inner join intensity as b on b.division_code = i.division_code and b.year = 2005 and i.year > 2005
union all
select
    p.division_code, p.last_year, 'peak_year', p.peak_year, p.peak_tco2, f.greatest_later_tco2, 'energy_balance',
    case when f.later >= 5 and f.later = p.last_year - p.latest_possible then '' else '未定' end, p.any_synthetic
from peak as p
left join followed as f on f.division_code = p.division_code
