select b.*
from {{ source('before', 'emission_factor') }} as b
