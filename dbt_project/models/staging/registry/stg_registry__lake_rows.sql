select
    cast(l.source as varchar) as source,
    cast(l.slice as varchar) as slice,
    cast(l.batch_id as varchar) as batch_id,
    cast(l.known_at as timestamp) as known_at,
    cast(l.rows as bigint) as rows,
    cast(l.quantity as double) as quantity
from {{ source('registry', 'lake_rows') }} as l
