-- Each line carries the error of its activity and one of each factor that it used: an error of 0 stands there too.
select l.kind, l.factor_id
from (
    select kind, factor_id, length(coalesce(factor_id, '')) - length(replace(coalesce(factor_id, ''), '+', '')) + 2 as due
    from {{ ref('int_uncertainty__line') }}
    group by kind, factor_id
) as l
left join (
    select kind, count(*) as errors, count(case when subject = 'activity' then 1 end) as activities
    from {{ ref('int_uncertainty__component') }}
    where half_width >= 0
    group by kind
) as c on c.kind = l.kind
where coalesce(c.errors, 0) <> l.due or c.activities <> 1
