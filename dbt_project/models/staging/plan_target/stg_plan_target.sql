select
    p.target_id,
    p.action_no,
    p.section,
    p.indicator_zh,
    p.indicator_en,
    p.unit,
    p.value_2025,
    p.qualifier_2025,
    p.stretch_2025,
    p.value_2030,
    p.qualifier_2030,
    p.baseline,
    p.kind,
    p.direction,
    p.responsible_agencies,
    p.lead_agencies,
    p.quote_2025,
    p.quote_2030,
    p.note,
    {{ row_columns('p') }}
from {{ source('lake', 'plan_target') }} as p
where {{ known('p') }}
