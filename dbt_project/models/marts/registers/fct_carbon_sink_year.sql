-- A ledger of its own: no total of emissions reads it.
select
    cast(r.division_code as varchar) as division_code,
    cast(r.year as integer) as year,
    cast(r.land_class as varchar) as land_class,
    cast(r.quantity as double) as quantity,
    cast(r.unit as varchar) as unit,
    cast(r.factor as double) as factor,
    case when abs(r.removal_tco2) < 1e12 then {{ decimal_of('r.removal_tco2', 3, 18) }} end as removal_tco2,
    cast(r.document as varchar) as document,
    cast(r.batch_id as varchar) as batch_id,
    cast(r.row_no as bigint) as row_no,
    cast(r.is_synthetic as boolean) as is_synthetic
from {{ ref('int_current__carbon_sink') }} as r
where r.conflict is null
order by r.year, r.division_code, r.land_class
