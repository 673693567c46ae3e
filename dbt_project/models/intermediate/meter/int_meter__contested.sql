{{ config(materialized='table') }}
with days as (
    select uscc, meter_id, period, day
    from {{ ref('int_meter__batch_day') }}
    group by uscc, meter_id, period, day
    having count(distinct batch_id) > 1
),

readings as (
    select r.*
    from {{ ref('stg_meter_reading') }} as r
    inner join days as d on d.uscc = r.uscc and d.meter_id = r.meter_id and d.period = r.period and d.day = r.day
)

select * from (
    {{ current_rows('readings', ['uscc', 'meter_id', 'ts']) }}
) as c
