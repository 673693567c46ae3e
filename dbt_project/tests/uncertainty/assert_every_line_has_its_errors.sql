-- Each line carries the error of its activity, and one of each factor that it used, unless the seed says that there is none (0).
select l.kind, l.factor_id
from {{ ref('int_uncertainty__line') }} as l
left join (
    select kind, count(case when subject = 'activity' then 1 end) as activities, count(*) as errors
    from {{ ref('int_uncertainty__component') }}
    group by kind
) as c on c.kind = l.kind
where coalesce(c.activities, 0) <> 1
    or (c.errors = 1 and l.factor_id <> 'reported:mass')
