select
    r.decision_id, r.target_batch_id, cast(r.target_row_no as bigint) as target_row_no, r.check_id, r.target_column, r.decision, r.new_value, r.reason,
    r."by" as decided_by, r.second_by, r.decided_on, r.expires_on,
    r.batch_id, r.row_no, r.received_at, r.is_synthetic, r.content_hash
from {{ source('lake', 'steward_decision') }} as r
where {{ known('r') }} and r.decided_on <= cast({{ knowledge_end() }} as date)
