select
    cast(e.batch_id as varchar) as batch_id, cast(e.version as varchar) as version, cast(e.decision_id as varchar) as decision_id,
    cast(e.row_no as bigint) as row_no, cast(e.check_id as varchar) as check_id, cast(e.column_name as varchar) as column_name,
    cast(e.reported_value as varchar) as reported_value, cast(e.used_value as varchar) as used_value, cast(e.state as varchar) as state
from {{ source('registry', 'decision_effect') }} as e
