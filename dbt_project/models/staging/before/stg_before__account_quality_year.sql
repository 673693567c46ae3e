select b.*
from {{ source('before', 'fct_account_quality_year') }} as b
