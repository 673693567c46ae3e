select
    d.code as division_code,
    d.name as division_name,
    d.level,
    d.parent_code,
    d.status,
    {{ row_columns('d') }}
from {{ source('lake', 'division') }} as d
where {{ known('d') }}
