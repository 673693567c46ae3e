select
    cast(k.batch_id as varchar) as batch_id,
    cast(k.known_at as timestamp) as known_at,
    cast(k.rows as bigint) as accepted_rows
from {{ source('registry', 'known_rows') }} as k
