select
    i.level,
    i.section as section_code,
    i.code as industry_code,
    i.parent as parent_code,
    i.name as industry_name,
    {{ row_columns('i') }}
from {{ source('lake', 'industry_class') }} as i
where {{ known('i') }}
