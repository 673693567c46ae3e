select
    cast(p.source as varchar) as source,
    cast(p.file_name as varchar) as file_name,
    cast(p.batch_id as varchar) as batch_id,
    cast(p.first_seen as date) as first_seen
from {{ source('registry', 'path_seen') }} as p
where cast(p.first_seen as date) <= cast({{ knowledge_end() }} as date)
