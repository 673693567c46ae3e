{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail',
    pre_hook="{{ delete_affected_months('meter_reading') }}"
) }}
select
    uscc, meter_id, energy, fuel_code, fuel_group, activity_unit, period, day, batch_id, received_at, is_synthetic,
    sum(case when is_doubtful then 0 else {{ decimal_of('quantity', 9, 28) }} end) as quantity,
    count(case when not is_doubtful then 1 end) as collected,
    count(case when is_doubtful then 1 end) as doubtful,
    count(case when quality = '估算' then 1 end) as estimated,
    min(row_no) as row_no,
    -- for what a register would read: its day begins with its least and ends with its greatest figure
    min(case when not is_doubtful then quantity end) as least, max(case when not is_doubtful then quantity end) as greatest,
    min_by(quantity, ts) filter (not is_doubtful) as opening, max_by(quantity, ts) filter (not is_doubtful) as closing
from {{ ref('stg_meter_reading') }} as r
where {{ affected_month('meter_reading', 'r') }}
group by uscc, meter_id, energy, fuel_code, fuel_group, activity_unit, period, day, batch_id, received_at, is_synthetic
