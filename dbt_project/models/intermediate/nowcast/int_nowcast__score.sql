{{ config(materialized='table') }}
with missing as (
    select vintage_id, uscc, prefecture, industry, measure, source from {{ ref('int_nowcast__unit') }} where is_missing and not is_unknown
    union
    select u.vintage_id, u.uscc, u.prefecture, u.industry, u.measure, s.source
    from {{ ref('int_nowcast__unit') }} as u
    inner join (select distinct source from {{ ref('int_nowcast__report') }}) as s
        on (s.source = 'enterprise_power_heat') = (u.measure = 'purchased_power_location_tco2e')
    where u.is_unknown
),

past as (
    select m.*, v.period, n.knowledge_end
    from missing as m
    inner join {{ ref('int_nowcast__vintage') }} as v on v.vintage_id = m.vintage_id and v.kind = 'then'
    cross join {{ of_night('night') }} as n
),

-- an enterprise without history counts once any form of the measure is in
waiting as (
    select u.vintage_id, u.prefecture, u.industry, u.measure, count(*) as forms_waiting
    from {{ ref('int_nowcast__unit') }} as u
    inner join {{ ref('int_nowcast__vintage') }} as v on v.vintage_id = u.vintage_id and v.kind = 'then'
    left join (
        select uscc, period, source, source as form from {{ ref('int_nowcast__report') }}
        union
        select uscc, period, case source when 'enterprise_power_heat' then 'purchased_power_location_tco2e' else 'direct_tco2e' end, 'any'
        from {{ ref('int_nowcast__report') }}
    ) as r
        on r.uscc = u.uscc and r.period = v.period
        and case when u.is_unknown then r.form = 'any' and r.source = u.measure else r.form = u.source end
    where u.is_missing and r.uscc is null
    group by u.vintage_id, u.prefecture, u.industry, u.measure
),

reported as (
    select p.vintage_id, p.prefecture, p.industry, p.measure, l.field, sum(l.tco2e) as tco2e
    from past as p
    inner join {{ ref('int_nowcast__line') }} as l
        on l.uscc = p.uscc and l.source = p.source and l.period = p.period and l.measure = p.measure and {{ counts_at('l', 'p.knowledge_end') }}
    group by p.vintage_id, p.prefecture, p.industry, p.measure, l.field
),

estimated as (
    select * from {{ ref('int_nowcast__cell') }} where kind = 'then' and reason_code <> 'complete' and estimate_tco2e is not null
),

-- a field that nobody expected counts with an estimate of 0
cells as (
    select vintage_id, prefecture, industry, measure, field from estimated
    union
    select r.vintage_id, r.prefecture, r.industry, r.measure, r.field
    from reported as r
    inner join (select distinct vintage_id, prefecture, industry, measure from estimated) as e
        on e.vintage_id = r.vintage_id and e.prefecture = r.prefecture and e.industry = r.industry and e.measure = r.measure
)

select
    c.vintage_id, v.province, c.prefecture, c.industry, c.field, c.prefecture || ':' || c.industry as prefecture_industry, c.measure, v.period, v.as_of,
    coalesce(e.estimate_tco2e, 0) as estimate_tco2e, coalesce(r.tco2e, 0) as reported_tco2e,
    coalesce(e.reason_code, 'no_history') as reason_code, coalesce(e.is_synthetic, v.is_synthetic) as is_synthetic,
    w.vintage_id is null as is_scored
from cells as c
inner join {{ ref('int_nowcast__vintage') }} as v on v.vintage_id = c.vintage_id
left join estimated as e
    on e.vintage_id = c.vintage_id and e.prefecture = c.prefecture and e.industry = c.industry and e.measure = c.measure and e.field = c.field
left join reported as r
    on r.vintage_id = c.vintage_id and r.prefecture = c.prefecture and r.industry = c.industry and r.measure = c.measure and r.field = c.field
left join waiting as w
    on w.vintage_id = c.vintage_id and w.prefecture = c.prefecture and w.industry = c.industry and w.measure = c.measure
