{{ config(materialized='table') }}
with in_force as (
    select e.*
    from {{ ref('stg_registry__decision_effect') }} as e
    inner join {{ ref('stg_registry__version') }} as v on e.batch_id = v.batch_id and e.version = v.version and v.in_force
),

-- what the rows that are decided on have been found to fail: told by the gate, now or on an earlier night
found as (
    select batch_id, row_no, check_id, max(case when severity = 'info' then 0 else 1 end) as is_held
    from (
        select batch_id, row_no, check_id, severity from {{ ref('stg_registry__delivered_finding') }}
        union all
        select batch_id, row_no, check_id, severity from {{ ref('int_rule__finding') }}
        union all
        select batch_id, row_no, check_id, 'info' from {{ ref('stg_registry__finding_span') }}
        union all
        -- a factor that a decision let in fails no more
        select batch_id, row_no, 'E01-published-factor-stands', 'info' from {{ ref('int_factor__standing') }} where standing = 'accepted'
    ) as f
    group by batch_id, row_no, check_id
),

cited as (
    select e.batch_id, e.decision_id, count(f.check_id) as checks, max(f.is_held) as is_held, max(coalesce(x.tonnes, t.tonnes)) as tonnes,
        max(case when f.check_id = 'E01-published-factor-stands' then 1 else 0 end) as is_factor
    from in_force as e
    left join found as f on f.batch_id = e.batch_id and f.row_no = e.row_no and e.check_id in (f.check_id, '')
    left join {{ ref('int_triangulation__finding') }} as x on x.batch_id = f.batch_id and x.row_no = f.row_no and x.check_id = f.check_id
    left join {{ ref('int_ledger__row_tonnes') }} as t on t.batch_id = f.batch_id and t.row_no = f.row_no
    where e.state = 'accepted'
    group by e.batch_id, e.decision_id
),

-- rows that fail something, beside what was merely noted
founded as (
    select distinct batch_id, row_no from found where check_id not like 'N0%' and check_id not like 'D0%'
)

select
    d.decision_id, d.target_batch_id as batch_id, d.target_row_no as row_no, d.check_id, d.decision,
    case
        when d.conflict is not null then 'conflicting'
        when b.batch_id is null then 'batch_unknown'
        when b.batch_id not in (select v.batch_id from {{ ref('stg_registry__version') }} as v where v.in_force) then 'not_applicable'   -- a bulk file too large to be judged again
        when m.later and e.state in ('corrected', 'accepted', 'withdrawn') and d.target_row_no is not null then 'obsolete'
        when e.state = 'accepted' and c.checks = 0 then 'check_not_found'
        -- what only tells is weighed by the ledger: accepting it changes no figure. What was held back, the gate has weighed before.
        -- A factor in the place of a published one needs two names whatever hangs on it.
        when e.state = 'accepted' and ((c.is_held = 0 and c.tonnes > n.second_signature_above) or c.is_factor = 1)
            and not {{ signed_twice('d') }} then 'second_signature_missing'
        when e.state = 'corrected' and held.batch_id is not null then 'not_passing'
        else coalesce(e.state, 'superseded')
    end as state,
    e.column_name, e.reported_value, e.used_value,
    d.reason, d.decided_by, d.second_by, d.decided_on, d.expires_on,
    -- a rejection that names neither a check nor a row that fails one may be a slip of the row number
    d.decision = '拒绝' and d.target_row_no is not null and coalesce(d.check_id, '') = '' and fd.batch_id is null as is_unfounded,
    b.source, d.batch_id as decision_batch_id, d.row_no as decision_row_no, d.is_synthetic
from {{ ref('int_current__steward_decision') }} as d
cross join {{ of_night('night') }} as n
left join cited as c on c.batch_id = d.target_batch_id and c.decision_id = d.decision_id
left join {{ ref('stg_registry__batch') }} as b on d.target_batch_id = b.batch_id
left join in_force as e on d.target_batch_id = e.batch_id and d.decision_id = e.decision_id
left join founded as fd on fd.batch_id = d.target_batch_id and fd.row_no = d.target_row_no
left join {{ ref('stg_registry__made_good') }} as m on d.target_batch_id = m.batch_id and d.target_row_no = m.row_no
left join (
    select distinct f.batch_id, f.row_no
    from {{ ref('stg_registry__finding') }} as f
    where f.severity = 'warning' and f.stands
) as held on d.target_batch_id = held.batch_id and d.target_row_no = held.row_no
