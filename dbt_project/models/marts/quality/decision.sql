-- decisions of the data steward with what became of each: the value as reported beside the value used
select
    cast(d.decision_id as varchar) as decision_id,
    cast(coalesce(d.column_name, '') as varchar) as column_name,
    cast(d.batch_id as varchar) as batch_id,
    cast(d.row_no as bigint) as row_no,
    cast(d.check_id as varchar) as check_id,
    cast(d.source as varchar) as source,
    cast(d.decision as varchar) as decision,
    cast(d.state as varchar) as state,
    cast(s.message_zh as varchar) as state_zh,
    cast(s.message_en as varchar) as state_en,
    cast(d.reported_value as varchar) as reported_value,
    cast(d.used_value as varchar) as used_value,
    cast(d.reason as varchar) as reason,
    cast(d.decided_by as varchar) as decided_by,
    cast(d.second_by as varchar) as second_by,
    cast(d.decided_on as date) as decided_on,
    cast(d.expires_on as date) as expires_on,
    cast(d.decision_batch_id as varchar) as decision_batch_id,
    cast(d.decision_row_no as bigint) as decision_row_no,
    cast(d.is_synthetic as boolean) as is_synthetic
from {{ ref('int_decision__outcome') }} as d
inner join {{ ref('decision_state') }} as s on d.state = s.state
