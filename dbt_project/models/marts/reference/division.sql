select
    cast(d.division_code as varchar) as division_code,
    cast(d.division_name as varchar) as division_name,
    cast(n.name_en as varchar) as division_name_en,
    cast(d.level as varchar) as level,
    cast(d.parent_code as varchar) as parent_code,
    cast(d.status as varchar) as status,
    cast(d.is_synthetic as boolean) as is_synthetic
from {{ ref('int_current__division') }} as d
left join {{ ref('division_name_en') }} as n on n.division_code = d.division_code
where d.conflict is null
