select b.*
from {{ source('before', 'batch') }} as b
