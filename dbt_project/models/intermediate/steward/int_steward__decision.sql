{{ config(materialized='table') }}
-- Decisions with what became of each at the knowledge date, one row a column that is corrected.
-- batch_id and row_no are those of the row that was decided on; decision_batch_id and decision_row_no say where the decision stands.
with in_force as (
    select e.*
    from {{ ref('stg_registry__decision_effect') }} as e
    inner join {{ ref('stg_registry__version') }} as v on e.batch_id = v.batch_id and e.version = v.version and v.in_force
)

select
    d.decision_id, d.target_batch_id as batch_id, d.target_row_no as row_no, d.check_id, d.decision,
    case
        when d.conflict is not null then 'conflicting'
        when b.batch_id is null then 'batch_unknown'
        when b.source = 'meter_reading' then 'not_applicable'   -- bulk: its batches are not judged again
        when m.later and e.state in ('corrected', 'accepted', 'withdrawn') and d.target_row_no is not null then 'obsolete'
        when e.state = 'corrected' and held.batch_id is not null then 'not_passing'
        else coalesce(e.state, 'superseded')
    end as state,
    e.column_name, e.reported_value, e.used_value,
    d.reason, d.decided_by, d.second_by, d.decided_on, d.expires_on,
    b.source, d.batch_id as decision_batch_id, d.row_no as decision_row_no, d.is_synthetic
from {{ ref('int_steward__current') }} as d
left join {{ ref('stg_registry__batch') }} as b on d.target_batch_id = b.batch_id
left join in_force as e on d.target_batch_id = e.batch_id and d.decision_id = e.decision_id
left join {{ ref('stg_registry__made_good') }} as m on d.target_batch_id = m.batch_id and d.target_row_no = m.row_no
left join (
    select distinct f.batch_id, f.row_no
    from {{ ref('stg_registry__finding') }} as f
    where f.severity = 'warning' and (f.holds_until is null or f.holds_until > {{ knowledge_end() }})
) as held on d.target_batch_id = held.batch_id and d.target_row_no = held.row_no
