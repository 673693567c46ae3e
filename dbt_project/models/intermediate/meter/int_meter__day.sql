{{ config(materialized='table') }}
with counted as (
    select b.uscc, b.meter_id, b.energy, b.fuel_code, b.fuel_group, b.activity_unit, b.period, b.day,
        b.quantity, b.collected, b.doubtful, b.estimated, b.batch_id, b.row_no, b.is_synthetic
    from {{ ref('int_meter__batch_day') }} as b
    where not exists (
        select 1 from {{ ref('int_meter__contested') }} as c
        where c.uscc = b.uscc and c.meter_id = b.meter_id and c.day = b.day
    )
    union all
    select uscc, meter_id, energy, fuel_code, fuel_group, activity_unit, period, day,
        sum(case when is_doubtful then 0 else {{ decimal_of('quantity', 9, 28) }} end),
        count(case when not is_doubtful then 1 end), count(case when is_doubtful then 1 end), count(case when quality = '估算' then 1 end),
        max(batch_id), min(row_no), max(case when is_synthetic then 1 else 0 end) = 1
    from {{ ref('int_meter__contested') }}
    where conflict is null
    group by uscc, meter_id, energy, fuel_code, fuel_group, activity_unit, period, day
),

spans as (
    select uscc, meter_id, energy, min(day) as first_day,
        least({{ dbt.last_day('max(day)', 'month') }}, cast({{ knowledge_end() }} as date)) as last_day
    from counted
    group by uscc, meter_id, energy
),

calendar as (
    select s.uscc, s.meter_id, s.energy, cast(d.day as date) as day
    from spans as s, unnest(generate_series(s.first_day, s.last_day, interval 1 day)) as d(day)
),

cadence as (
    select m.uscc, m.meter_id, m.energy, m.period, coalesce(min(c.readings_a_day), max(m.most)) as due
    from (
        select uscc, meter_id, energy, period, max(collected + doubtful) as most
        from counted group by uscc, meter_id, energy, period
    ) as m
    left join {{ ref('meter_cadence') }} as c on c.readings_a_day >= m.most
    group by m.uscc, m.meter_id, m.energy, m.period
),

described as (
    select uscc, meter_id, energy, min(fuel_code) as fuel_code, min(fuel_group) as fuel_group, min(activity_unit) as activity_unit,
        max(case when is_synthetic then 1 else 0 end) = 1 as is_synthetic
    from counted group by uscc, meter_id, energy
)

select
    a.uscc, a.meter_id, a.energy, m.fuel_code, m.fuel_group, m.activity_unit,
    cast(date_trunc('month', a.day) as date) as period, a.day,
    coalesce(c.quantity, 0) as quantity, coalesce(c.collected, 0) as collected,
    coalesce(c.doubtful, 0) as doubtful, coalesce(c.estimated, 0) as estimated,
    -- a month without a reading is due what the month before it was
    coalesce(k.due, last_value(k.due ignore nulls) over (partition by a.uscc, a.meter_id, a.energy order by a.day)) as due,
    c.batch_id, c.row_no, m.is_synthetic
from calendar as a
inner join described as m on m.uscc = a.uscc and m.meter_id = a.meter_id and m.energy = a.energy
left join counted as c on c.uscc = a.uscc and c.meter_id = a.meter_id and c.energy = a.energy and c.day = a.day
left join cadence as k
    on k.uscc = a.uscc and k.meter_id = a.meter_id and k.energy = a.energy and k.period = cast(date_trunc('month', a.day) as date)
