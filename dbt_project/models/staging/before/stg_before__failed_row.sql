select b.*
from {{ source('before', 'failed_row') }} as b
