select
    f.batch_id, f.source, f.row_no, f.check_id, f.severity, f.uscc, f.period, f.holds_from, f.holds_until,
    case when abs(f.estimate_tco2e) < 1e12 then {{ decimal_of('f.estimate_tco2e', 3, 18) }} end as estimate_tco2e
from {{ source('registry', 'finding') }} as f
where f.holds_from <= {{ knowledge_end() }}
