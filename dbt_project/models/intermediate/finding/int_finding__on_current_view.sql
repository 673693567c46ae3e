-- Findings that stand and that no file can tell from itself: conflicts and rules on the current view. Those of the
-- gate, notes and the decisions themselves are left out.
select f.batch_id, f.source, f.row_no, f.check_id, f.severity, f.uscc, f.period
from {{ ref('int_finding__standing') }} as f
left join {{ ref('stg_registry__delivered_finding') }} as d
    on d.batch_id = f.batch_id and d.row_no = f.row_no and d.check_id = f.check_id
where d.batch_id is null and f.check_id not like 'N0%' and f.check_id not like 'D0%' and f.check_id not like 'S0%'
