select
    r.issue_id, r.opened_on, r.closed_on, r.level,
    case when r.level in ('field', 'inventory') then lower(r.code) else upper(r.code) end as code, r.period, r.period_grain, r.measure, r.tonnes as tonnes_tco2e,
    r.text_zh, r.text_en, r.owner,
    {{ row_columns('r') }}
from {{ source('lake', 'known_issue') }} as r
where {{ known('r') }}
