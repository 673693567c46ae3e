select
    b.division_code,
    b.year,
    b.item as item_code,
    b.fuel as fuel_code,
    b.quantity * case when b.unit is null then f.factor_to_canonical else coalesce(u.factor, s.factor, 1.0) end as quantity,
    case when u.factor is null and s.factor is not null then 'tce' else f.canonical_unit end as unit,
    b.quantity as reported_quantity,
    coalesce(b.unit, f.unit_in_balance) as reported_unit,
    {{ row_columns('b') }}
from {{ source('lake', 'energy_balance') }} as b
inner join {{ ref('balance_fuel') }} as f on b.fuel = f.fuel_code
left join {{ ref('unit') }} as u on b.unit = u.unit_key and u.dimension = {{ dimension_of('f.canonical_unit') }}
left join {{ ref('unit') }} as s on b.unit = s.unit_key and s.dimension = 'tce'
where {{ known('b') }}
