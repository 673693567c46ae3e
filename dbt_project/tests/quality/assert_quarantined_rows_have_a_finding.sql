-- every quarantined row of a readable load has at least one finding above `info`
select b.batch_id, b.rows_quarantined, count(distinct f.row_no) as rows_with_finding
from {{ ref('batch') }} as b
left join {{ ref('failed_row') }} as f on b.batch_id = f.batch_id and f.row_no > 0 and f.severity in ('warning', 'critical')
group by b.batch_id, b.rows_quarantined
having count(distinct f.row_no) < b.rows_quarantined
