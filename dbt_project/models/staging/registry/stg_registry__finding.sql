with version as (
    select v.batch_id, v.version
    from {{ source('registry', 'version') }} as v
    where cast(v.holds_from as timestamp) <= {{ knowledge_end() }}
        and (v.holds_until is null or cast(v.holds_until as timestamp) > {{ knowledge_end() }})
),

found as (
    select f.batch_id, f.source, f.row_no, f.check_id, f.severity, f.uscc, f.period, f.column_name, f.reported_value,
        f.message_zh, f.message_en, f.advice_zh, f.advice_en, f.holds_from, f.holds_until
    from {{ source('registry', 'finding') }} as f
    left join version as v on f.batch_id = v.batch_id
    where v.batch_id is null
    union all
    select d.batch_id, d.source, d.row_no, d.check_id, d.severity, d.uscc, d.period, d.column_name, d.reported_value,
        d.message_zh, d.message_en, d.advice_zh, d.advice_en, d.holds_from, d.holds_until
    from {{ source('registry', 'decided_finding') }} as d
    inner join version as v on d.batch_id = v.batch_id and d.version = v.version
)

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
    f.holds_until,
    f.holds_until is null or f.holds_until > {{ knowledge_end() }} as stands
from found as f
where f.holds_from <= {{ knowledge_end() }}
