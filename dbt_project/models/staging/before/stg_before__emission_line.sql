select b.*
from {{ source('before', 'fct_enterprise_emission_line') }} as b
