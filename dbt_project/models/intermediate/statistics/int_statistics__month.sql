with ranked as (
    select *,
        row_number() over (
            partition by division_code, industry_code, indicator, period, period_kind
            order by is_synthetic, {{ vintage_rank() }}, published_on desc nulls last,
                received_at desc, batch_id, row_no
        ) as choice
    from {{ ref('int_current__sector_statistics') }} as c
    where conflict is null and period_grain = 'month' and not (
        period_kind = '当期' and exists (
            select 1 from {{ ref('int_statistics__suspect') }} as x
            where x.division_code = c.division_code and x.industry_code = c.industry_code and x.indicator = c.indicator
                and x.unit = c.unit and x.year = year(c.period)
        )
    )
),

stepped as (
    select *,
        lag(value) over (partition by division_code, industry_code, indicator, unit, year(period) order by period) as value_before,
        lag(period) over (partition by division_code, industry_code, indicator, unit, year(period) order by period) as period_before
    from ranked
    where choice = 1 and period_kind = '累计'
)

select division_code, industry_code, indicator, period, 1 as months_covered, value, unit, vintage, '当期' as reading, is_synthetic
from ranked
where choice = 1 and period_kind = '当期'
union all
select
    s.division_code, s.industry_code, s.indicator, s.period, month(s.period) - coalesce(month(s.period_before), 0) as months_covered,
    s.value - coalesce(s.value_before, 0) as value, s.unit, s.vintage, '累计' as reading, s.is_synthetic
from stepped as s
left join ranked as r
    on r.choice = 1 and r.period_kind = '当期' and r.division_code = s.division_code and r.industry_code = s.industry_code
    and r.indicator = s.indicator and r.period = s.period
where r.period is null
