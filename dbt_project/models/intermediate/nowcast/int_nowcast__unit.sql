{{ config(materialized='table') }}
with reports as (
    select
        m.vintage_id, m.uscc, m.prefecture, m.industry, m.in_operation, v.period as month, v.as_of, r.source, r.period,
        case r.source when 'enterprise_power_heat' then 'purchased_power_location_tco2e' else 'direct_tco2e' end as measure
    from {{ ref('int_nowcast__member') }} as m
    inner join {{ ref('int_nowcast__vintage') }} as v on v.vintage_id = m.vintage_id
    inner join {{ ref('int_nowcast__report') }} as r
        on r.uscc = m.uscc and r.period between v.period - interval 12 month and v.period and r.known_from <= v.as_of
            and (not r.is_yearly or r.period = v.period)
),

-- months that count: the driver is known
driven as (
    select r.*, p.mwh, r.period = r.month as is_month, r.period = r.month - interval 12 month as is_last_year
    from reports as r
    left join {{ ref('int_nowcast__power') }} as p
        on p.vintage_id = r.vintage_id and p.measure = r.measure and p.prefecture = r.prefecture and p.industry = r.industry
        and p.period = r.period and p.mwh > 0
),

spans as (
    select
        vintage_id, uscc, prefecture, industry, in_operation, source, measure, bool_or(is_month) as is_reported,
        count(case when not is_month then 1 end) as history_months, count(case when not is_month then mwh end) as driven_months,
        sum(case when not is_month then mwh end) as history_mwh, max(case when is_last_year then mwh end) as last_year_mwh
    from driven
    group by vintage_id, uscc, prefecture, industry, in_operation, source, measure
),

emitted as (
    select
        d.vintage_id, d.uscc, d.source, l.field,
        sum(case when not d.is_month and d.mwh is not null then l.tco2e else 0 end) as history_tco2e,
        sum(case when d.is_last_year and d.mwh is not null then l.tco2e else 0 end) as last_year_tco2e,
        sum(case when d.is_month then l.tco2e else 0 end) as month_tco2e, bool_or(l.is_synthetic) as is_synthetic
    from driven as d
    inner join {{ ref('int_nowcast__line') }} as l
        on l.uscc = d.uscc and l.source = d.source and l.period = d.period and l.measure = d.measure and {{ counts_at('l', 'd.as_of') }}
    group by d.vintage_id, d.uscc, d.source, l.field
),

ratioed as (
    select
        s.*, coalesce(e.field, f.field, 'unknown') as field, coalesce(e.history_tco2e, 0) as history_tco2e,
        coalesce(e.month_tco2e, 0) as month_tco2e, coalesce(e.is_synthetic, v.is_synthetic) as is_synthetic, p.driver, p.mwh as month_mwh,
        cast(coalesce(e.history_tco2e, 0) as double) / cast(nullif(s.history_mwh, 0) as double) as ratio,
        case when s.driven_months = 12 then cast(coalesce(e.last_year_tco2e, 0) as double) / cast(s.last_year_mwh as double) end as last_year_ratio
    from spans as s
    inner join {{ ref('int_nowcast__vintage') }} as v on v.vintage_id = s.vintage_id
    left join emitted as e on e.vintage_id = s.vintage_id and e.uscc = s.uscc and e.source = s.source
    left join {{ ref('field_of_division') }} as f on f.industry_division = s.industry
    left join {{ ref('int_nowcast__power') }} as p
        on p.vintage_id = s.vintage_id and p.measure = s.measure and p.prefecture = s.prefecture and p.industry = s.industry
        and p.period = v.period
)

select
    vintage_id, uscc, prefecture, industry, source, measure, field, is_reported, in_operation and not is_reported as is_missing, false as is_unknown,
    driven_months, history_tco2e, month_tco2e, is_synthetic,
    {{ tonnes('cast(month_mwh as double) * (ratio + coalesce(last_year_ratio, ratio)) / 2.0') }} as estimate_tco2e
from ratioed
where in_operation or is_reported
union all
select
    m.vintage_id, m.uscc, m.prefecture, m.industry, 'none', n.measure, coalesce(f.field, 'unknown'), false, true, true,
    0, 0, 0, v.is_synthetic, null
from {{ ref('int_nowcast__member') }} as m
inner join {{ ref('int_nowcast__vintage') }} as v on v.vintage_id = m.vintage_id
inner join {{ ref('nowcast_driver') }} as n on n.industry = '*'
left join {{ ref('field_of_division') }} as f on f.industry_division = m.industry
left join (select distinct vintage_id, uscc from reports) as r on r.vintage_id = m.vintage_id and r.uscc = m.uscc
where m.in_operation and r.uscc is null
