select
    v.batch_id, v.version, cast(v.holds_from as timestamp) as holds_from,
    row_number() over (partition by v.batch_id order by v.holds_from) as position,
    v.holds_until is null or cast(v.holds_until as timestamp) > {{ knowledge_end() }} as in_force
from {{ source('registry', 'version') }} as v
where cast(v.holds_from as timestamp) <= {{ knowledge_end() }}
