select
    r.uscc, r.meter_id, r.energy, r.ts, r.period, cast(r.ts as date) as day,
    f.fuel_code, f.fuel_group, f.canonical_unit as activity_unit,
    {{ to_canonical('r.value', 'u') }} as quantity,
    r.quality, r.quality in ('异常', '缺测') as is_doubtful,
    r.batch_id, r.row_no, r.received_at, r.is_synthetic, r.content_hash
from {{ source('lake', 'meter_reading') }} as r
left join {{ ref('fuel') }} as f on f.energy = r.energy
left join {{ ref('unit') }} as u on u.unit_key = r.unit and u.dimension = {{ dimension_of('f.canonical_unit') }}
where {{ known('r') }}
