select
    r.project_id, r.valid_from, r.uscc, r.name, r.status, r.energy_tce, r.emission_t as emission_tco2, r.disposition,
    {{ row_columns('r') }}
from {{ source('lake', 'project_list') }} as r
where {{ known('r') }}
