select b.*
from {{ source('before', 'fct_power_unit_year') }} as b
