-- Every estimate of the past, made from what was known when the month's power sales came in, against what was reported later.
select
    cast(level as varchar) as level, cast(code as varchar) as code, cast(period as date) as period, cast(measure as varchar) as measure,
    cast(as_of as timestamp) as as_of, cast(estimate_tco2e as decimal(18, 3)) as estimate_tco2e,
    cast(reported_tco2e as decimal(18, 3)) as reported_tco2e, cast(estimate_tco2e - reported_tco2e as decimal(18, 3)) as error_tco2e,
    cast(estimate_tco2e - reported_tco2e as decimal(18, 3)) as relative_error_num,
    cast(abs(reported_tco2e) as decimal(18, 3)) as relative_error_den,
    cast(estimate_tco2e - reported_tco2e as double) / nullif(cast(abs(reported_tco2e) as double), 0.0) as relative_error,
    cast(cells as bigint) as cells, cast(unscored_cells as bigint) as unscored_cells,
    cast(unscored_estimate_tco2e as decimal(18, 3)) as unscored_estimate_tco2e, cast(is_synthetic as boolean) as is_synthetic
from {{ ref('int_nowcast__error') }}
order by level, code, period, measure
