select
    r.factor_id, r.kind, trim(r.item) as item, r.value, r.unit, r.gas,
    coalesce(trim(r.method_version), '') as method_version,
    coalesce(trim(r.area), '') as area,
    r.data_year, r.valid_from, r.valid_to, r.published_on, r.confidence, r.status, r.document,
    r.batch_id, r.row_no, r.received_at, r.known_at, r.is_synthetic, r.content_hash
from {{ source('lake', 'emission_factor') }} as r
where {{ known('r') }}
