select
    cast(s.batch_id as varchar) as batch_id, cast(s.row_no as bigint) as row_no, cast(s.check_id as varchar) as check_id,
    cast(s.source as varchar) as source, cast(s.uscc as varchar) as uscc, cast(s.period as date) as period,
    cast(s.seen_from as date) as seen_from,
    s.seen_until is not null and cast(s.seen_until as date) <= {{ night('knowledge_date') }} as is_over
from {{ source('registry', 'finding_span') }} as s
where cast(s.seen_from as date) < {{ night('knowledge_date') }}
