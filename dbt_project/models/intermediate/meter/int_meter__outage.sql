with days as (
    select *, least(collected, due) < due * {{ rule_limit('M10-completeness', 'lower_limit') }} as is_below,
        row_number() over (partition by uscc, meter_id, energy order by day) as day_no
    from {{ ref('int_meter__day') }}
),

runs as (
    select *, day_no - row_number() over (partition by uscc, meter_id, energy order by day) as run
    from days where is_below
),

ends as (
    select uscc, meter_id, energy, max(day) as last_day, max(batch_id) as batch_id
    from days group by uscc, meter_id, energy
)

select
    r.uscc, r.meter_id, r.energy, min(r.day) as start_day, max(r.day) as end_day,
    count(*) as days, count(case when dayofweek(r.day) between 1 and 5 then 1 end) as working_days,
    sum(r.due - least(r.collected, r.due)) as missing_readings,
    max(r.day) < min(e.last_day) as is_over,
    count(case when dayofweek(r.day) between 1 and 5 then 1 end) > {{ deadline_days('item', 'meter_reading') }} as is_late,
    coalesce(max(r.batch_id), min(e.batch_id)) as batch_id, max(case when r.is_synthetic then 1 else 0 end) = 1 as is_synthetic
from runs as r
inner join ends as e on e.uscc = r.uscc and e.meter_id = r.meter_id and e.energy = r.energy
group by r.uscc, r.meter_id, r.energy, r.run
