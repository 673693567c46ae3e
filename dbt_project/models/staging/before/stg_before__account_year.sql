select b.*
from {{ source('before', 'fct_enterprise_account_year') }} as b
