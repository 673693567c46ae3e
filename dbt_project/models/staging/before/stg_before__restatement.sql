select b.*
from {{ source('before', 'fct_restatement') }} as b
