select b.*
from {{ source('before', 'fct_target_verdict') }} as b
