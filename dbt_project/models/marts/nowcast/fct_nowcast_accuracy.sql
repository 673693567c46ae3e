-- How good the estimates have been, by level and measure: mean absolute relative error, all absolute errors over all that was reported (small
-- cells weigh little there), bias, and the error that 19 of 20 stayed within.
with errors as (
    select level, measure, error_tco2e, reported_tco2e, {{ decimal_of('abs(relative_error)', 9, 18) }} as size, is_synthetic from {{ ref('fct_nowcast_error') }}
)

select
    cast(e.level as varchar) as level, cast(e.measure as varchar) as measure, cast(count(*) as bigint) as errors,
    cast(sum(e.size) as double) as mape_num, cast(count(e.size) as double) as mape_den,
    cast(sum(e.size) as double) / nullif(cast(count(e.size) as double), 0.0) as mape,
    cast(sum(abs(e.error_tco2e)) as decimal(18, 3)) as weighted_error_num, cast(sum(abs(e.reported_tco2e)) as decimal(18, 3)) as weighted_error_den,
    cast(sum(abs(e.error_tco2e)) as double) / nullif(cast(sum(abs(e.reported_tco2e)) as double), 0.0) as weighted_error,
    cast(sum(e.error_tco2e) as decimal(18, 3)) as bias_num, cast(abs(sum(e.reported_tco2e)) as decimal(18, 3)) as bias_den,
    cast(sum(e.error_tco2e) as double) / nullif(cast(abs(sum(e.reported_tco2e)) as double), 0.0) as bias,
    cast(max(b.relative_error_95) as double) as relative_error_95, cast(bool_or(e.is_synthetic) as boolean) as is_synthetic
from errors as e
left join {{ ref('int_nowcast__error_band') }} as b on b.level = e.level and b.measure = e.measure and b.code = '*'
group by e.level, e.measure
order by e.level, e.measure
