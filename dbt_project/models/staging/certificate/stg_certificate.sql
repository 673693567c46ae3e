select
    trim(r.certificate_id) as certificate_id, r.uscc, r.mwh, r.vintage, r.period_grain as vintage_grain,
    r.retired_on, nullif(trim(r.retired_for), '') as retired_for,
    {{ row_columns('r') }}
from {{ source('lake', 'certificate') }} as r
where {{ known('r') }}
