select
    x.from_area as from_division_code,
    x.to_area as to_division_code,
    x.period,
    x.period_grain,
    x.period_ts,
    coalesce(nullif(x.period_kind, ''), '当期') as period_kind,
    {{ to_canonical('x.quantity', 'u') }} as quantity_mwh,
    {{ row_columns('x') }}
from {{ source('lake', 'grid_exchange') }} as x
left join {{ ref('unit') }} as u on x.unit = u.unit_key and u.dimension = 'electricity'
where {{ known('x') }}
