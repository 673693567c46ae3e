select
    g.area as division_code,
    g.period,
    g.period_grain,
    g.period_ts,
    coalesce(nullif(g.period_kind, ''), '当期') as period_kind,
    g.source as power_source,
    {{ to_canonical('g.generation', 'u') }} as generation_mwh,
    {{ to_canonical('g.capacity', 'c') }} as capacity_mw,
    {{ row_columns('g') }}
from {{ source('lake', 'grid_generation') }} as g
left join {{ ref('unit') }} as u on g.unit = u.unit_key and u.dimension = 'electricity'
left join {{ ref('unit') }} as c on g.capacity_unit = c.unit_key and c.dimension = 'power'
where {{ known('g') }}
