select
    o.target_id,
    o.division_code,
    o.period,
    o.period_grain,
    o.value,
    o.unit,
    o.document,
    {{ row_columns('o') }}
from {{ source('lake', 'target_observation') }} as o
where {{ known('o') }}
