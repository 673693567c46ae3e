select
    cast(t.target_id as varchar) as target_id,
    cast(t.section as varchar) as section,
    cast(t.indicator_zh as varchar) as indicator_zh,
    cast(t.indicator_en as varchar) as indicator_en,
    cast(t.unit as varchar) as unit,
    cast(t.value_2025 as varchar) as value_2025,
    cast(t.qualifier_2025 as varchar) as qualifier_2025,
    cast(t.stretch_2025 as varchar) as stretch_2025,
    cast(t.value_2030 as varchar) as value_2030,
    cast(t.qualifier_2030 as varchar) as qualifier_2030,
    cast(t.baseline as varchar) as baseline,
    cast(t.kind as varchar) as kind,
    cast(t.direction as varchar) as direction,
    cast(t.lead_agencies as varchar) as lead_agencies,
    cast(t.responsible_agencies as varchar) as responsible_agencies,
    cast(t.quote_2025 as varchar) as quote_2025,
    cast(t.quote_2030 as varchar) as quote_2030,
    cast(t.note as varchar) as note,
    cast(t.is_synthetic as boolean) as is_synthetic
from {{ ref('int_current__plan_target') }} as t
where t.conflict is null
