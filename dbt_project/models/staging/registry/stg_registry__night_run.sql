-- Every night that this data folder has seen, moments as Asia/Shanghai wall clock (the registry keeps them with that offset).
-- The one that builds this is under way: it is publishing.
select
    night_id,
    cast(left(started, 26) as timestamp) as started_at,
    cast(left(ended, 26) as timestamp) as finished_at,
    case outcome when 'running' then 'publishing' else outcome end as outcome,
    exit_status,
    cast(knowledge_date as date) as knowledge_date,
    release_id,
    reason_zh,
    reason_en,
    how,
    new_batches,
    judged,
    accepted,
    accepted_in_part,
    refused,
    rows_received,
    rows_accepted,
    waiting,
    "left" as left_for_next_night,
    receive_seconds,
    gate_seconds,
    build_seconds,
    publish_seconds
from {{ source('registry', 'night_run') }}
