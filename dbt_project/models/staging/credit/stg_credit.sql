select
    r.uscc, r.year, r.kind, r.tonnes, r.document,
    {{ row_columns('r') }}
from {{ source('lake', 'credit') }} as r
where {{ known('r') }}
