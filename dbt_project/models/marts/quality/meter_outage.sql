-- The outage register of online monitoring.
select
    cast(o.uscc as varchar) as uscc,
    cast(o.meter_id as varchar) as meter_id,
    cast(o.energy as varchar) as energy,
    cast(o.start_day as date) as start_day,
    cast(o.end_day as date) as end_day,
    cast(o.days as bigint) as days,
    cast(o.working_days as bigint) as working_days,
    cast(o.missing_readings as bigint) as missing_readings,
    cast(o.is_over as boolean) as is_over,
    cast(o.is_late as boolean) as is_late,
    cast(o.is_synthetic as boolean) as is_synthetic
from {{ ref('int_meter__outage') }} as o
