{{ config(materialized='table') }}
with reported_month as (
    select distinct u.vintage_id, u.prefecture, u.industry, u.measure, p.period, p.mwh
    from {{ ref('int_nowcast__unit') }} as u
    inner join {{ ref('int_nowcast__vintage') }} as v on v.vintage_id = u.vintage_id
    inner join {{ ref('int_nowcast__report') }} as r on r.uscc = u.uscc and r.source = u.source and r.known_from <= v.as_of and not r.is_yearly
    inner join {{ ref('int_nowcast__power') }} as p
        on p.vintage_id = u.vintage_id and p.measure = u.measure and p.prefecture = u.prefecture and p.industry = u.industry
        and p.period = r.period and p.mwh > 0
    where p.period < v.period
),

cell_power as (
    select vintage_id, prefecture, industry, measure, count(*) as months_behind, sum(mwh) as mwh
    from reported_month
    group by vintage_id, prefecture, industry, measure
),

cell_history as (
    select
        u.vintage_id, u.prefecture, u.industry, u.measure, u.field, sum(u.history_tco2e) as tco2e, min(p.mwh) as mwh
    from {{ ref('int_nowcast__unit') }} as u
    inner join cell_power as p
        on p.vintage_id = u.vintage_id and p.prefecture = u.prefecture and p.industry = u.industry and p.measure = u.measure
    group by u.vintage_id, u.prefecture, u.industry, u.measure, u.field
),

province_ratio as (
    select
        vintage_id, industry, measure, field, cast(sum(tco2e) as double) / cast(sum(mwh) as double) as ratio,
        max(cast(tco2e as double) / cast(mwh as double)) - min(cast(tco2e as double) / cast(mwh as double)) as spread
    from cell_history
    group by vintage_id, industry, measure, field
),

summed as (
    select
        vintage_id, prefecture, industry, measure, field, count(*) as forms, count(case when is_reported then 1 end) as reported_forms,
        count(case when is_missing and not is_unknown then 1 end) as missing_forms, count(case when is_unknown then 1 end) as unknown_enterprises,
        sum(case when is_missing then estimate_tco2e end) as missing_tco2e, sum(estimate_tco2e) as all_tco2e,
        sum(case when is_reported then month_tco2e else 0 end) as reported_tco2e, bool_or(is_synthetic) as is_synthetic
    from {{ ref('int_nowcast__unit') }}
    group by vintage_id, prefecture, industry, measure, field
),

weighed as (
    select
        s.*, v.kind, v.province, v.period, v.as_of, v.has_sales, p.driver, p.mwh as driver_mwh, coalesce(b.months_behind, 0) as months_behind,
        case
            when coalesce(b.months_behind, 0) = 0 then 0.0
            else 1.0 - greatest(1.0 - b.months_behind / 6.0, 0.0) * greatest(1.0 - coalesce(r.spread / nullif(abs(r.ratio), 0.0), 0.0), 0.0)
        end as own_weight,
        r.ratio as province_ratio,
        -- the share of the cell that is missing
        case
            when s.reported_forms = 0 then 1.0
            when coalesce(s.all_tco2e, 0) = 0 then cast(s.missing_forms as double) / s.forms
            else least(greatest(cast(coalesce(s.missing_tco2e, 0) as double) / cast(s.all_tco2e as double), 0.0), 1.0)
        end as missing_share
    from summed as s
    inner join {{ ref('int_nowcast__vintage') }} as v on v.vintage_id = s.vintage_id
    left join cell_power as b on b.vintage_id = s.vintage_id and b.prefecture = s.prefecture and b.industry = s.industry and b.measure = s.measure
    left join province_ratio as r
        on r.vintage_id = s.vintage_id and r.industry = s.industry and r.measure = s.measure and r.field = s.field
    left join {{ ref('int_nowcast__power') }} as p
        on p.vintage_id = s.vintage_id and p.measure = s.measure and p.prefecture = s.prefecture and p.industry = s.industry
        and p.period = v.period
),

reasoned as (
    select *,
        case
            when missing_forms + unknown_enterprises = 0 then 'complete'
            when not has_sales then 'no_power_sales'
            when driver_mwh is null then 'no_cell_sales'
            when months_behind = 0 then case when province_ratio is not null and reported_forms = 0 then 'province_ratio' else 'no_history' end
            when missing_tco2e is null and reported_forms > 0 then 'no_history'
            when months_behind < 6 then 'pooled_ratio'
            when missing_tco2e is null then 'no_history'
            else 'cell_ratio'
        end as reason_code
    from weighed
)

select
    vintage_id, kind, province, prefecture, industry, field, prefecture || ':' || industry as prefecture_industry, measure, period, as_of,
    forms, reported_forms, missing_forms, unknown_enterprises, driver, driver_mwh, months_behind, reported_tco2e, reason_code, is_synthetic,
    case
        when reason_code = 'complete' then cast(0 as decimal(18, 3))
        when reason_code = 'cell_ratio' then missing_tco2e
        when reason_code in ('pooled_ratio', 'province_ratio') then {{ tonnes(
            '(own_weight * cast(coalesce(missing_tco2e, 0) as double) + (1.0 - own_weight) * missing_share * coalesce(province_ratio, 0.0) * cast(driver_mwh as double))'
        ) }}
    end as estimate_tco2e
from reasoned
