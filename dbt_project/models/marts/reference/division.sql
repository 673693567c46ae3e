select
    cast(d.division_code as varchar) as division_code,
    cast(d.division_name as varchar) as division_name,
    cast(d.level as varchar) as level,
    cast(d.parent_code as varchar) as parent_code,
    cast(d.status as varchar) as status,
    cast(d.is_synthetic as boolean) as is_synthetic
from {{ ref('int_current__division') }} as d
where d.conflict is null
