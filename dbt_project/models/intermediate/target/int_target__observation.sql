{{ config(materialized='table') }}
with delivered as (
    select
        target_id, division_code, cast(year(period) as integer) as year, case when conflict is null then value end as value,
        document, batch_id, row_no, is_synthetic, conflict,
        regexp_matches(coalesce(document, ''), '初步|快报|预计|(?i)preliminary|provisional') as is_provisional,
        row_number() over (
            partition by target_id, division_code, year(period)
            order by case when conflict is null then 0 else 1 end, is_synthetic, case period_grain when 'year' then 0 else 1 end, batch_id, row_no
        ) as choice
    from {{ ref('int_current__target_observation') }}
    where (period_grain = 'year' or month(period) = 12)
),

own_rule as (
    select distinct target_id, own_series, bodies from {{ ref('target_rule') }} where own_series is not null and own_series <> ''
),

own as (
    select r.target_id, s.*
    from {{ ref('int_target__own_series') }} as s
    inner join own_rule as r
        on r.own_series = s.series and (r.bodies in ('520000', '*') or list_contains(string_split(r.bodies, '|'), s.division_code))
),

merged as (
    select
        coalesce(d.target_id, o.target_id) as target_id, coalesce(d.division_code, o.division_code) as division_code,
        coalesce(d.year, o.year) as year,
        -- a synthetic delivery never outranks a real figure
        d.target_id is not null and not (o.target_id is not null and (d.conflict is not null or (d.is_synthetic and not o.is_synthetic))) as by_delivery,
        d.conflict, d.value as delivered_value, d.document, d.batch_id, d.row_no, d.is_synthetic as delivered_synthetic, d.is_provisional,
        o.value as own_value, o.num as own_num, o.den as own_den, o.source as own_source, o.vintage as own_vintage,
        o.is_synthetic as own_synthetic
    from (select * from delivered where choice = 1) as d
    full outer join own as o on o.target_id = d.target_id and o.division_code = d.division_code and o.year = d.year
),

observed as (
    select
        target_id, division_code, year,
        case when by_delivery then delivered_value else own_value end as value,
        case when by_delivery then 'target_observation' else own_source end as source,
        case when by_delivery then document end as document,
        case when by_delivery then case when is_provisional then '初步' else '' end else own_vintage end as vintage,
        case when not by_delivery then own_num end as num, case when not by_delivery then own_den end as den,
        case when by_delivery and conflict is not null then 'conflicting' end as missing_code,
        own_value, case when by_delivery then batch_id end as batch_id, case when by_delivery then row_no end as row_no,
        case when by_delivery then delivered_synthetic else own_synthetic end as is_synthetic
    from merged
),

-- the bodies that a target is decomposed to
decomposed as (
    select distinct
        r.target_id, r.decomposition, r.good, t.code as division_code, left(t.code, 2) || '0000' as province_code
    from {{ ref('target_rule') }} as r
    inner join {{ ref('int_current__division_tree') }} as t
        on t.code = t.prefecture_code and t.level = 'prefecture'
        and (r.bodies = '520000' or list_contains(string_split(r.bodies, '|'), t.code))
    where r.decomposition is not null and r.decomposition <> ''
),

weight as (
    select
        division_code, cast(year(period) as integer) as year, case indicator when '地区生产总值' then 'gdp' else 'population' end as kind, value,
        row_number() over (
            partition by division_code, year(period), indicator
            order by is_synthetic, {{ vintage_rank() }}, published_on desc nulls last, received_at desc,
                batch_id, row_no
        ) as choice
    from {{ ref('int_current__sector_statistics') }}
    where conflict is null and period_grain = 'year' and period_kind = '当期' and industry_code = ''
        and indicator in ('地区生产总值', '年末常住人口')
),

due as (
    select target_id, province_code, count(*) as bodies_due from decomposed group by target_id, province_code
),

together as (
    select
        d.target_id, d.province_code as division_code, o.year, d.decomposition, u.bodies_due, count(*) as bodies,
        {{ exact_sum('o.value') }} as total,
        min(o.value) as least, max(o.value) as greatest, min(d.good) as good,
        {{ exact_sum('o.value * w.value', decimals=6) }} as weighed,
        {{ exact_sum('w.value', decimals=6) }} as weights, count(w.value) as weighted_bodies,
        max(o.vintage) as vintage, bool_or(o.is_synthetic) as is_synthetic
    from decomposed as d
    inner join due as u on u.target_id = d.target_id and u.province_code = d.province_code
    inner join observed as o on o.target_id = d.target_id and o.division_code = d.division_code and o.value is not null
    left join weight as w on w.choice = 1 and w.division_code = o.division_code and w.year = o.year and w.kind = d.decomposition
    group by d.target_id, d.province_code, o.year, d.decomposition, u.bodies_due
),

valued as (
    select *,
        case
            when bodies < bodies_due then null
            when decomposition = 'sum' then total
            when decomposition = 'mean' then total / bodies
            when decomposition = 'each' then case good when 'up' then least else greatest end
            when weighted_bodies = bodies then weighed / nullif(weights, 0.0)
        end as value,
        case
            when bodies < bodies_due then null when decomposition in ('sum', 'mean') then total
            when decomposition in ('gdp', 'population') and weighted_bodies = bodies then weighed
        end as num,
        case
            when bodies < bodies_due then null when decomposition = 'mean' then bodies
            when decomposition in ('gdp', 'population') and weighted_bodies = bodies then weights
        end as den
    from together
)

select
    coalesce(o.target_id, t.target_id) as target_id, coalesce(o.division_code, t.division_code) as division_code,
    coalesce(o.year, t.year) as year, coalesce(o.value, t.value) as value,
    case when o.value is not null then o.source when t.value is not null then 'prefectures' end as source,
    o.document, coalesce(case when o.value is not null then o.vintage else t.vintage end, '') as vintage,
    case when o.value is not null then o.num else t.num end as num, case when o.value is not null then o.den else t.den end as den,
    case
        when coalesce(o.value, t.value) is not null then null when o.missing_code is not null then o.missing_code
        when t.bodies < t.bodies_due then 'bodies_missing'
    end as missing_code,
    o.own_value, o.batch_id, o.row_no,
    t.decomposition, t.bodies, t.bodies_due, t.value as decomposition_value,
    case when o.value is not null then o.is_synthetic or coalesce(t.is_synthetic, false) else t.is_synthetic end as is_synthetic
from observed as o
full outer join valued as t on t.target_id = o.target_id and t.division_code = o.division_code and t.year = o.year
