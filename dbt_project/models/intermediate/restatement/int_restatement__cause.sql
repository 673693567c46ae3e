{{ config(materialized='table') }}
with line as (
    select * from {{ ref('int_restatement__line') }}
),

-- what else changed for the enterprise in the period: another method, a fact that gave way to another
around as (
    select uscc, period,
        bool_or(has_other_method) as has_other_method,
        bool_or(side = 'new' and o.batch_id is null) as has_late_row,
        bool_or(has_other_row or side = 'gone') as has_other_row
    from line as l
    left join {{ ref('stg_before__batch') }} as o on o.batch_id = l.batch_id
    group by uscc, period
),

-- items of which an earlier row is gone: what comes in its place is a correction of the fact, not a fact that was missing
replaced as (
    select distinct uscc, year(period) as year, emission_source, item from line where side = 'gone'
),

moved_factor as (
    select l.line_id, l.measure, bool_or(f.factor_id is not null) as has_moved
    from (
        select line_id, measure, unnest(string_split(factor_id || '+' || before_factor_id, '+')) as factor_id from line where side = 'both'
    ) as l
    left join {{ ref('int_restatement__factor') }} as f on f.factor_id = l.factor_id
    group by l.line_id, l.measure
),

held as (
    select line_id, 'gone' as side, min(reason_code) as code from {{ ref('fct_enterprise_held_back_line') }} group by line_id
    union all
    select line_id, 'new', min(reason_code) from {{ ref('stg_before__held_back_line') }} group by line_id
),

failed as (
    select f.batch_id, f.row_no, min(r.cause) as cause
    from {{ ref('stg_before__failed_row') }} as f
    inner join {{ ref('restatement_reason') }} as r on r.code = f.check_id
    group by f.batch_id, f.row_no
)

select
    l.*,
    -- of a line that came or went as a whole
    case
        when l.side = 'new' and o.batch_id is null and p.uscc is not null then 'correction'
        when l.side = 'new' and o.batch_id is null then 'late_data'
        when h.code is not null then coalesce(r.cause, 'correction')
        when l.side = 'new' and f.cause is not null then f.cause
        when a.has_other_method then 'method'
        when not pair.same_code and l.side <> 'both' and o.batch_id is not null and not a.has_late_row and not a.has_other_row then 'method'
        else 'correction'
    end as whole_cause,
    case
        when l.has_other_row then 'correction'
        when l.has_other_method then 'method'
        when a.has_late_row then 'late_data'
        when not pair.same_code and not a.has_other_row then 'method'
        else 'correction'
    end as activity_cause,
    case
        when l.has_other_method then 'method'
        when l.has_other_row and (l.factor_tier in ('measured', 'declared') or l.before_factor_tier in ('measured', 'declared')) then 'correction'
        when coalesce(m.has_moved, false) then 'factor'
        when l.factor_id is not distinct from l.before_factor_id and l.gas_t is not distinct from l.before_gas_t then 'method'   -- the GWP set
        when not pair.same_code then 'method'
        when l.factor_id is distinct from l.before_factor_id and l.factor_tier not in ('measured', 'declared') and l.before_factor_tier not in ('measured', 'declared') then 'factor'
        else 'correction'
    end as factor_cause
from line as l
cross join {{ ref('stg_registry__release_pair') }} as pair
left join {{ ref('stg_before__batch') }} as o on o.batch_id = l.batch_id
left join around as a on a.uscc = l.uscc and a.period = l.period
left join replaced as p on p.uscc = l.uscc and p.year = year(l.period) and p.emission_source = l.emission_source and p.item = l.item
left join moved_factor as m on m.line_id = l.line_id and m.measure = l.measure
left join held as h on h.line_id = l.line_id and h.side = l.side
left join {{ ref('restatement_reason') }} as r on r.code = h.code
left join failed as f on f.batch_id = l.batch_id and f.row_no = l.row_no
