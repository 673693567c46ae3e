select
    cast(c.year as bigint) as year, cast(c.release_id as varchar) as release_id, cast(c.knowledge_date as date) as knowledge_date,
    cast(c.closed_by as varchar) as closed_by, cast(cast(c.closed_at as timestamptz) as date) as closed_on
from {{ source('registry', 'closed_year') }} as c
