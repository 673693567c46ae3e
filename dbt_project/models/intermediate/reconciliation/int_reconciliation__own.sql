{{ config(materialized='table') }}
with scope as (
    select * from {{ ref('int_reconciliation__scope') }}
),

opening as (
    select s.division_code, s.year, coalesce(sum(c.direct_tco2e), 0) as tco2e
    from scope as s
    left join {{ ref('int_total__cell') }} as c
        on c.slice_year = s.year and case when s.level = 'province' then c.province else c.prefecture end = s.division_code
    group by s.division_code, s.year
),

part as (
    select s.division_code, s.year, l.cause, 'located' as key_part, sum(l.tco2e) as tco2e
    from scope as s
    inner join {{ ref('int_reconciliation__located') }} as l on l.year = s.year and l.is_synthetic = s.is_synthetic and (s.level = 'province' or l.prefecture = s.division_code)
    group by s.division_code, s.year, l.cause
    union all
    select t.division_code, t.year, t.cause, t.key_part, t.tco2e
    from {{ ref('int_reconciliation__statistic') }} as t
    inner join scope as s on s.division_code = t.division_code and s.year = t.year
),

remainder as (
    select s.division_code, s.year, s.top_down_tco2e - o.tco2e - coalesce(p.tco2e, 0) as tco2e, coalesce(r.revision_tco2e, 0) as revision
    from scope as s
    inner join opening as o on o.division_code = s.division_code and o.year = s.year
    left join (select division_code, year, sum(tco2e) as tco2e from part group by division_code, year) as p
        on p.division_code = s.division_code and p.year = s.year
    left join {{ ref('int_reconciliation__revision') }} as r on r.division_code = s.division_code and r.year = s.year
),

explained as (
    select *,
        case
            when tco2e > 0 and revision > 0 then least(tco2e, revision)
            when tco2e < 0 and revision < 0 then greatest(tco2e, revision)
            else 0
        end as vintage
    from remainder
)

select division_code, year, cause, key_part, cast(tco2e as decimal(18, 3)) as tco2e
from (
    select division_code, year, 'accounts_total' as cause, 'located' as key_part, tco2e from opening
    union all
    select division_code, year, cause, key_part, tco2e from part
    union all
    select division_code, year, 'vintage', 'vintage', vintage from explained
    union all
    select division_code, year, 'unexplained', 'unexplained', tco2e - vintage from explained
    union all
    select division_code, year, 'top_down_total', 'total', top_down_tco2e from scope
) as rows_of_bridge
