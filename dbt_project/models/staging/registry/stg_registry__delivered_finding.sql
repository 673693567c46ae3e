-- Findings of the gate on the files as delivered, whatever was decided since.
select
    f.batch_id, f.source, f.row_no, f.check_id, f.severity, f.uscc, f.period, f.holds_from, f.holds_until, f.estimate_tco2e
from {{ source('registry', 'finding') }} as f
where f.holds_from <= {{ knowledge_end() }}
