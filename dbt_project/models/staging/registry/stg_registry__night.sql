select
    cast(n.knowledge_date as date) as knowledge_date,
    cast(n.knowledge_end as timestamp) as knowledge_end,
    cast(n.common_gwp_set as varchar) as common_gwp_set,
    cast(n.home_province as varchar) as home_province,
    cast(n.second_signature_above as decimal(18, 3)) as second_signature_above
from {{ source('registry', 'night') }} as n
