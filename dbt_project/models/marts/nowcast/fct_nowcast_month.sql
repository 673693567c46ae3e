-- What is reported, and an estimate of what is not reported yet, by month and level, for the months in which reports are missing. An
-- estimate is never part of a total. The interval is that of the level's own past errors (fct_nowcast_error).
with levels as (
    {% for level, code in nowcast_levels().items() -%}
    select '{{ level }}' as level, {{ code }} as code, c.*
    from {{ ref('int_nowcast__cell') }} as c
    where c.kind = 'now'
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}
),

summed as (
    select
        level, code, period, measure, sum(reported_tco2e) as reported_tco2e, sum(estimate_tco2e) as estimate_sum,
        count(case when reason_code <> 'complete' then 1 end) as cells,
        count(case when reason_code <> 'complete' and estimate_tco2e is not null then 1 end) as cells_estimated,
        min(case when reason_code <> 'complete' then reason_code end) as least_reason, max(case when reason_code <> 'complete' then reason_code end) as greatest_reason,
        min(case when reason_code <> 'complete' then driver end) as least_driver, max(case when reason_code <> 'complete' then driver end) as greatest_driver,
        max(case when reason_code <> 'complete' then driver_mwh end) as greatest_mwh,
        min(case when reason_code <> 'complete' then months_behind end) as months_behind,
        sum(missing_forms + unknown_enterprises) as missing_reports, sum(forms) as reports_due, bool_or(is_synthetic) as is_synthetic
    from levels
    group by level, code, period, measure
    having count(case when reason_code <> 'complete' then 1 end) > 0
),

named as (
    select *,
        case when cells_estimated > 0 then estimate_sum end as estimate_tco2e,
        case when least_reason = greatest_reason then least_reason when cells_estimated > 0 then 'sum_of_cells' else 'no_history' end as reason_code,
        case when level = 'prefecture_industry' then greatest_mwh end as driver_mwh,
        case when least_driver = greatest_driver then least_driver when least_driver is not null then 'mixed' end as driver
    from summed
),

-- the level's own errors where the code has eight, else those of all codes of the level
bands as (
    select
        n.*, case when own.errors >= 8 then own.relative_error_95 else wide.relative_error_95 end as band,
        case when own.errors >= 8 then own.errors else wide.errors end as band_errors
    from named as n
    left join {{ ref('int_nowcast__error_band') }} as own on own.level = n.level and own.code = n.code and own.measure = n.measure
    left join {{ ref('int_nowcast__error_band') }} as wide on wide.level = n.level and wide.code = '*' and wide.measure = n.measure
),

-- an error is relative to what was reported, which may be next to nothing: a band that no total of tonnes can hold is no interval
intervals as (
    select *, case when is_narrow then band end as half_width, case when is_narrow then band_errors end as interval_errors
    from (select *, coalesce(abs(cast(estimate_tco2e as double)) * band < 1e14, true) as is_narrow from bands)
)

select
    cast(i.level as varchar) as level, cast(i.code as varchar) as code, cast(i.period as date) as period, cast(i.measure as varchar) as measure,
    cast(i.reported_tco2e as decimal(18, 3)) as reported_tco2e, cast(i.estimate_tco2e as decimal(18, 3)) as estimate_tco2e,
    cast(i.reported_tco2e + i.estimate_tco2e as decimal(18, 3)) as nowcast_tco2e,
    cast(i.reported_tco2e + {{ tonnes('(cast(i.estimate_tco2e as double) - abs(cast(i.estimate_tco2e as double)) * i.half_width)') }} as decimal(18, 3)) as low_tco2e,
    cast(i.reported_tco2e + {{ tonnes('(cast(i.estimate_tco2e as double) + abs(cast(i.estimate_tco2e as double)) * i.half_width)') }} as decimal(18, 3)) as high_tco2e,
    cast(i.interval_errors as bigint) as interval_errors, cast(i.estimate_tco2e is not null as boolean) as is_estimate,
    cast(i.reason_code as varchar) as method, cast(r.zh as varchar) as method_zh, cast(r.en as varchar) as method_en,
    cast(i.driver as varchar) as driver, cast(i.driver_mwh as double) as driver_mwh, cast(i.months_behind as bigint) as months_behind,
    cast(i.missing_reports as bigint) as missing_reports, cast(i.reports_due as bigint) as reports_due,
    cast(i.cells as bigint) as cells, cast(i.cells_estimated as bigint) as cells_estimated, cast(i.is_synthetic as boolean) as is_synthetic
from intervals as i
left join {{ ref('nowcast_reason') }} as r on r.code = i.reason_code
order by i.level, i.code, i.period, i.measure
