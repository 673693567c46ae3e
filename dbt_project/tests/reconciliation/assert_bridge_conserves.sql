-- No step of the bridge loses or multiplies a kilogram: its lines are the ledger's, what is allocated is what was to be allocated, and the
-- prefectures with what could not be allocated make the province in every cause.
select 'lines' as step, cast(l.year as varchar) as place, l.tco2e as left_side, c.tco2e as right_side
from (
    select b.year, sum(b.account_tco2e) as tco2e
    from {{ ref('int_reconciliation__line') }} as b
    inner join (select distinct year, is_synthetic from {{ ref('int_reconciliation__scope') }}) as s on s.year = b.year and s.is_synthetic = b.is_synthetic
    where not b.is_held
    group by b.year
) as l
full join (
    select s.year, sum(c.direct_tco2e) as tco2e
    from {{ ref('int_total__cell') }} as c
    inner join (select distinct year from {{ ref('int_reconciliation__scope') }}) as s on s.year = c.slice_year
    group by s.year
) as c on c.year = l.year
where coalesce(l.tco2e, 0) <> coalesce(c.tco2e, 0)
union all
select 'allocation', year || ' ' || cause || ' ' || key_part, sum(tco2e), max(province_tco2e)
from {{ ref('int_reconciliation__allocated') }}
group by year, cause, key_part
having sum(tco2e) <> max(province_tco2e)
union all
select 'prefectures', p.year || ' ' || p.cause, p.tco2e, c.tco2e
from {{ ref('int_reconciliation__row') }} as p
inner join (
    select year, cause, sum(tco2e) as tco2e from {{ ref('int_reconciliation__row') }} where level <> 'province' group by year, cause
) as c on c.year = p.year and c.cause = p.cause
where p.level = 'province' and p.tco2e <> c.tco2e
