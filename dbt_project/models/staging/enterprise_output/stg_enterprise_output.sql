-- Output as reported: products and indicators, with the unit as it was written.
select
    r.uscc, r.period, r.period_grain, r.unit_code, r.item, r.quantity, r.unit as reported_unit,
    cast(year(r.period) as bigint) as slice_year,
    r.batch_id, r.row_no, r.received_at, r.is_synthetic, r.content_hash
from {{ source('lake', 'enterprise_output') }} as r
where {{ known('r') }}
