with unit_of as (
    select unit_key, min(factor) as factor from {{ ref('unit') }} group by unit_key having count(*) = 1
)

select
    r.uscc, r.period, r.period_grain, r.unit_code, r.item, r.quantity, r.unit as reported_unit, coalesce(u.factor, 1.0) as unit_factor,
    coalesce(nullif(r.period_kind, ''), '当期') as period_kind,
    cast(year(r.period) as bigint) as slice_year,
    r.batch_id, r.row_no, r.received_at, r.is_synthetic, r.content_hash
from {{ source('lake', 'enterprise_output') }} as r
left join unit_of as u on u.unit_key = r.unit
where {{ known('r') }}
