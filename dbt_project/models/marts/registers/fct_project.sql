-- Every state of a project with the days between which it holds.
select
    cast(r.project_id as varchar) as project_id,
    cast(r.valid_from as date) as valid_from,
    cast(lead(r.valid_from) over (partition by r.project_id order by r.valid_from) as date) as valid_to,
    cast(r.uscc as varchar) as uscc,
    cast(r.name as varchar) as name,
    cast(r.status as varchar) as status,
    cast(r.energy_tce as double) as energy_tce,
    cast(r.emission_tco2 as double) as emission_tco2,
    cast(r.disposition as varchar) as disposition,
    cast(r.batch_id as varchar) as batch_id,
    cast(r.row_no as bigint) as row_no,
    cast(r.is_synthetic as boolean) as is_synthetic
from {{ ref('int_current__project_list') }} as r
where r.conflict is null
order by r.project_id, r.valid_from
