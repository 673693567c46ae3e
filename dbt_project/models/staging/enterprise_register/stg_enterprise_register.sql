select
    r.uscc, r.enterprise_name, r.industry_code, r.division_code,
    lower(nullif(trim(r.accounting_method), '')) as accounting_method,
    coalesce(r.in_national_ets, false) as in_national_ets,
    r.operating_from, r.operating_to, r.successor_uscc, r.valid_from,
    r.batch_id, r.row_no, r.received_at, r.known_at, r.is_synthetic, r.content_hash
from {{ source('lake', 'enterprise_register') }} as r
where {{ known('r') }}
