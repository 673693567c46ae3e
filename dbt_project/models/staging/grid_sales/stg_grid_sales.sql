select
    r.division_code, r.industry_code, r.period, r.period_grain, coalesce(nullif(r.period_kind, ''), '当期') as period_kind,
    {{ to_canonical('r.quantity', 'u') }} as quantity_mwh,
    {{ row_columns('r') }}
from {{ source('lake', 'grid_sales') }} as r
left join {{ ref('unit') }} as u on u.unit_key = r.unit and u.dimension = 'electricity'
where {{ known('r') }}
