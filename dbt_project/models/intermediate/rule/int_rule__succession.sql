with registered as (
    select *, 'enterprise_register' as source, upper(nullif(trim(successor_uscc), '')) as successor from {{ ref('int_current__register_latest') }}
),

circle as (
    select r.source, r.uscc, r.batch_id, r.row_no, {{ dbt.listagg('o.uscc', "'; '", 'order by o.uscc') }} as members
    from registered as r
    inner join {{ ref('int_current__succession') }} as s on s.uscc = r.uscc and s.is_in_circle
    inner join {{ ref('int_current__succession') }} as o on o.body_uscc = s.body_uscc and o.is_in_circle
    group by r.source, r.uscc, r.batch_id, r.row_no
),

-- a code that is none is told at the gate
unknown as (
    select r.*
    from registered as r
    left join {{ ref('int_current__succession') }} as s on s.uscc = r.uscc
    left join {{ ref('stg_registry__finding') }} as f
        on f.batch_id = r.batch_id and f.row_no = r.row_no and f.check_id = 'R73-successor-code' and f.stands
    where r.successor <> r.uscc and s.successor_uscc is null and f.batch_id is null
)

select {{ rule_finding('K13-succession-circle', 'c', 'successor_uscc', 'c.members', period='null') }}
from circle as c
union all
select {{ rule_finding('K14-successor-unknown', 'u', 'successor_uscc', 'u.successor', period='null') }}
from unknown as u
