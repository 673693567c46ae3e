with errors as (
    select
        level, code, measure,
        abs(cast(estimate_tco2e - reported_tco2e as double)) / nullif(abs(cast(estimate_tco2e as double)), 0.0) as size
    from {{ ref('int_nowcast__error') }}
),

both_ways as (
    select level, code, measure, size from errors where size is not null
    union all
    select level, '*', measure, size from errors where size is not null
),

ranked as (
    select *,
        row_number() over (partition by level, code, measure order by size) as place,
        count(*) over (partition by level, code, measure) as errors
    from both_ways
)

select level, code, measure, min(errors) as errors, min(size) as relative_error_95
from ranked
where place >= 0.95 * errors
group by level, code, measure
