select b.*
from {{ source('before', 'fct_total_year') }} as b
