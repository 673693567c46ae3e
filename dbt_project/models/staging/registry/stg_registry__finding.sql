select
    f.batch_id,
    f.source,
    f.row_no,
    f.check_id,
    f.severity,
    f.uscc,
    f.period,
    f.column_name,
    f.reported_value,
    f.message_zh,
    f.message_en,
    f.advice_zh,
    f.advice_en,
    f.holds_from,
    f.holds_until
from {{ source('registry', 'finding') }} as f
where f.holds_from <= {{ knowledge_end() }}
