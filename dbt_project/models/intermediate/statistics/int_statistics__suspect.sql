with ranked as (
    select *,
        row_number() over (
            partition by division_code, industry_code, indicator, unit, period
            order by is_synthetic, {{ vintage_rank() }}, published_on desc nulls last,
                received_at desc, batch_id, row_no
        ) as choice
    from {{ ref('int_current__sector_statistics') }}
    where conflict is null and period_grain = 'month' and period_kind = '当期'
),

figure as (
    select
        division_code, industry_code, indicator, unit, cast(year(period) as integer) as year, month(period) as month, value,
        batch_id, row_no, is_synthetic
    from ranked
    where choice = 1
)

{{ looks_to_date('figure', ['division_code', 'industry_code', 'indicator', 'unit']) }}
