select cast(a.uscc as varchar) as uscc, cast(a.slice_year as bigint) as slice_year
from {{ source('registry', 'affected') }} as a
