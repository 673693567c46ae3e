-- Series that are marked as single months and look like year to date: all months of the year that are there follow each other, six at
-- least, and each adds a good part of the first month's mean. Adding them would make the year several times too large.
with ranked as (
    select *,
        row_number() over (
            partition by division_code, industry_code, indicator, unit, period
            order by is_synthetic, case vintage when '修订' then 0 when '' then 1 else 2 end, published_on desc nulls last,
                received_at desc, batch_id, row_no
        ) as choice
    from {{ ref('int_sector_statistics__current') }}
    where conflict is null and period_grain = 'month' and period_kind = '当期'
),

stepped as (
    select
        division_code, industry_code, indicator, unit, cast(year(period) as integer) as year, month(period) as month, value,
        batch_id, row_no, is_synthetic,
        value - lag(value) over (partition by division_code, industry_code, indicator, unit, year(period) order by period) as step,
        month(period) - lag(month(period)) over (partition by division_code, industry_code, indicator, unit, year(period) order by period) as months,
        first_value(value) over (partition by division_code, industry_code, indicator, unit, year(period) order by period) as first_value_of_year,
        first_value(month(period)) over (partition by division_code, industry_code, indicator, unit, year(period) order by period) as first_month
    from ranked
    where choice = 1
)

select
    division_code, industry_code, indicator, unit, year,
    max(month) as last_month,
    max(value) as last_value,
    min(first_value_of_year) as first_value,
    max_by(batch_id, month) as batch_id,
    max_by(row_no, month) as row_no,
    max(case when is_synthetic then 1 else 0 end) = 1 as is_synthetic
from stepped
group by division_code, industry_code, indicator, unit, year
having count(*) >= {{ rule_limit('Q03-looks-year-to-date', 'least_count') }}
    and min(first_value_of_year) > 0.0 and min(first_month) <= 2
    and max(coalesce(months, 1)) = 1
    and min(step) >= {{ rule_limit('Q03-looks-year-to-date', 'lower_limit') }} * min(first_value_of_year) / min(first_month)
