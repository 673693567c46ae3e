-- Product output that makes process emissions, per division and year [t]: cement (CEADs counts nothing else).
-- Months count when all twelve are there, else the year, else January to December read as year to date; of several vintages
-- the revised one. A figure for all industries comes before one for a single industry.
with figure as (
    select
        division_code,
        industry_code,
        cast(year(period) as integer) as year,
        month(period) as month,
        period_grain,
        period_kind,
        vintage,
        cast(value as decimal(38, 6)) as output_t,
        is_synthetic,
        received_at
    from {{ ref('int_sector_statistics__current') }}
    where conflict is null and indicator = '水泥产量' and unit = 't' and period_grain in ('year', 'month')
),

one_vintage as (
    select *,
        row_number() over (
            partition by division_code, year, month, industry_code, period_grain, period_kind
            order by is_synthetic, case vintage when '修订' then 0 when '' then 1 else 2 end, received_at desc
        ) as choice
    from figure
),

reading as (
    select division_code, year, industry_code, 0 as precedence, sum(output_t) as output_t, max(case when is_synthetic then 1 else 0 end) as synthetic
    from one_vintage
    where choice = 1 and period_grain = 'month' and period_kind = '当期'
    group by division_code, year, industry_code
    having count(*) = 12
    union all
    select division_code, year, industry_code, 1, output_t, case when is_synthetic then 1 else 0 end
    from one_vintage
    where choice = 1 and period_grain = 'year' and period_kind = '当期'
    union all
    select division_code, year, industry_code, case when period_grain = 'year' then 2 else 3 end, output_t, case when is_synthetic then 1 else 0 end
    from one_vintage
    where choice = 1 and period_kind = '累计' and (period_grain = 'year' or month = 12)
),

ranked as (
    select *,
        row_number() over (
            partition by division_code, year
            order by synthetic, case when industry_code = '' then 0 else 1 end, precedence, industry_code
        ) as choice
    from reading
)

select
    division_code,
    year,
    'cement' as product,
    cast(output_t as decimal(38, 6)) as activity_quantity,
    synthetic = 1 as is_synthetic
from ranked
where choice = 1
