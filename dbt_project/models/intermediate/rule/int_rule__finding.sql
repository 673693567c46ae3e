{{ config(materialized='table') }}
with found as (
    {% for name in rule_models() %}
    {% if not loop.first %}union all{% endif %}
    select * from {{ ref('int_rule__' ~ name) }}
    {% endfor %}
)

select
    f.batch_id, f.source, f.row_no, f.check_id, 'info' as severity, f.uscc, f.period, f.column_name, f.reported_value,
    {{ rule_sentence('r.zh') }} as message_zh,
    {{ rule_sentence('r.en') }} as message_en,
    r.advice_zh, r.advice_en
from found as f
inner join {{ ref('quality_rule') }} as r on r.check_id = f.check_id
