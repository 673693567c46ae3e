with unit_of as (
    select
        unit_key,
        min(factor) as factor,
        min(canonical_unit) as canonical_unit
    from {{ ref('unit') }}
    group by unit_key
    having count(*) = 1
)

select
    s.division_code,
    coalesce(s.industry_code, '') as industry_code,
    s.indicator,
    s.period,
    s.period_grain,
    coalesce(nullif(s.period_kind, ''), '当期') as period_kind,
    coalesce(s.vintage, '') as vintage,
    {{ to_canonical('s.value', 'u') }} as value,
    coalesce(u.canonical_unit, s.unit) as unit,
    s.value as reported_value,
    s.unit as reported_unit,
    s.published_on,
    {{ row_columns('s') }}
from {{ source('lake', 'sector_statistics') }} as s
left join unit_of as u on s.unit = u.unit_key
where {{ known('s') }}
