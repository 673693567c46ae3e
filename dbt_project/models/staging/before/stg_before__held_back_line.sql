select b.*
from {{ source('before', 'fct_enterprise_held_back_line') }} as b
