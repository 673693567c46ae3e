select
    cast(i.level as varchar) as level,
    cast(i.section_code as varchar) as section_code,
    cast(i.industry_code as varchar) as industry_code,
    cast(i.parent_code as varchar) as parent_code,
    cast(i.industry_name as varchar) as industry_name,
    cast(n.name_en as varchar) as industry_name_en,
    cast(i.is_synthetic as boolean) as is_synthetic
from {{ ref('int_current__industry_class') }} as i
left join {{ ref('industry_name_en') }} as n on n.industry_code = i.industry_code
where i.conflict is null
