select b.*
from {{ source('before', 'fct_enterprise_account_month') }} as b
