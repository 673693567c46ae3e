select
    uscc, energy, min(fuel_code) as fuel_code, min(fuel_group) as fuel_group, min(activity_unit) as activity_unit, period,
    sum(quantity) as quantity, count(distinct meter_id) as meters,
    sum(collected) as collected, sum(due) as due, sum(doubtful) as doubtful, sum(estimated) as estimated,
    count(case when least(collected, due) < due * {{ rule_limit('M10-completeness', 'lower_limit') }} then 1 end) as days_below,
    max(batch_id) as batch_id, min(case when batch_id is not null then row_no end) as row_no,
    max(case when is_synthetic then 1 else 0 end) = 1 as is_synthetic
from {{ ref('int_meter__day') }}
group by uscc, energy, period
