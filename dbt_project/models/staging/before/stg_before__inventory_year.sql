select b.*
from {{ source('before', 'fct_inventory_year') }} as b
