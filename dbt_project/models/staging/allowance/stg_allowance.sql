-- one row per enterprise, year and kind; tonnes of CO2e
select
    r.uscc, r.year, r.kind, r.tonnes, r.document,
    {{ row_columns('r') }}
from {{ source('lake', 'allowance') }} as r
where {{ known('r') }}
