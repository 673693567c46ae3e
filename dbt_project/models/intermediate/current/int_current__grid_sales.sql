with reported as (
    {{ current_rows(ref('stg_grid_sales'), ['division_code', 'industry_code', 'period', 'period_grain']) }}
),

single as (
    {{ single_periods('reported', ['division_code', 'industry_code'], 'quantity_mwh') }}
),

-- the months when all twelve are there, else the year
grained as (
    select *,
        bool_or(period_grain = 'year' and conflict is null) over of_year as has_year,
        coalesce(sum(case when period_grain = 'month' and conflict is null then months_covered end) over of_year, 0) as months
    from single
    window of_year as (partition by division_code, industry_code, year(period))
)

select * exclude (has_year, months) replace (
    case
        when superseded_by is not null then superseded_by
        when has_year and months >= 12 and period_grain = 'year' then 'months'
        when has_year and months < 12 and period_grain = 'month' then 'year'
    end as superseded_by
)
from grained
