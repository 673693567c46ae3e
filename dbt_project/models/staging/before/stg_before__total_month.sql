select b.*
from {{ source('before', 'fct_total_month') }} as b
