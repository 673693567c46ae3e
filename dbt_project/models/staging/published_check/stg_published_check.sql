select
    c.division_code,
    c.year,
    c.inventory,
    c.sector,
    c.item,
    c.value as emission_mtco2,
    c.document,
    {{ row_columns('c') }}
from {{ source('lake', 'published_check') }} as c
where {{ known('c') }}
