select distinct d.batch_id, d.version, d.row_no, d.check_id
from {{ source('registry', 'decided_finding') }} as d
where d.severity in ('warning', 'critical')
