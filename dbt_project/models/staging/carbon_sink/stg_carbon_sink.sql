select
    r.division_code, r.year, r.land_class, r.quantity, r.unit, r.factor, r.document,
    r.quantity * coalesce(r.factor, u.factor) as removal_tco2,
    {{ row_columns('r') }}
from {{ source('lake', 'carbon_sink') }} as r
left join {{ ref('unit') }} as u
    on u.unit_key = lower(replace(r.unit, ' ', '')) and u.dimension = 'mass'
where {{ known('r') }}
