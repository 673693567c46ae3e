select cast(m.source as varchar) as source, cast(m.period as date) as period
from {{ source('registry', 'affected_month') }} as m
