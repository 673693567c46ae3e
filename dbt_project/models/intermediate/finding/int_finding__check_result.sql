with ended as (
    select f.batch_id, f.check_id, count(distinct f.row_no) as ended_rows
    from {{ ref('stg_registry__finding') }} as f
    where f.row_no > 0 and not f.stands
    group by f.batch_id, f.check_id
),

stored as (
    select
        c.batch_id, c.check_id, c.severity, c.suite_version, c.passed and c.rows_failed = 0 as passed,
        greatest(c.rows_failed - coalesce(e.ended_rows, 0), 0) as rows_failed
    from {{ ref('stg_registry__check_result') }} as c
    inner join {{ ref('stg_registry__batch') }} as b on c.batch_id = b.batch_id
    left join ended as e on c.batch_id = e.batch_id and c.check_id = e.check_id
)

select batch_id, check_id, severity, suite_version, passed or rows_failed = 0 as passed, rows_failed
from stored
union all
-- what is found beside the checks of the suite: two names, conflicts, rules on the current view, and loads that are refused only for now
select b.batch_id, f.check_id, min(f.severity), min(b.suite_version), false, count(distinct case when f.row_no > 0 then f.row_no end)
from {{ ref('int_finding__standing') }} as f
inner join {{ ref('stg_registry__batch') }} as b on f.batch_id = b.batch_id
where f.check_id in ('D01-duplicate-delivery', 'conflicting_deliveries') or f.check_id in (select check_id from {{ ref('quality_rule') }})
    or f.check_id in (select check_id from {{ ref('decision_state') }})
group by b.batch_id, f.check_id
union all
select b.batch_id, b.refused_by, 'critical', b.suite_version, false, b.rows_quarantined
from {{ ref('int_delivery__batch') }} as b
left join stored as s on b.batch_id = s.batch_id and b.refused_by = s.check_id
where b.outcome = 'refused' and s.batch_id is null
