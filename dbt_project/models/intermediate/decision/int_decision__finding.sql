-- Decisions that do nothing, and rejections of a row that fails nothing, as findings on the delivery that they came in.
select distinct
    d.decision_batch_id as batch_id, 'steward_decision' as source, d.decision_row_no as row_no, s.check_id, 'info' as severity,
    cast(null as varchar) as uscc, cast(null as date) as period, s.column_name,
    case s.column_name when 'target_batch_id' then d.batch_id when 'target_row_no' then cast(d.row_no as varchar) end as reported_value,
    s.message_zh, s.message_en, s.advice_zh, s.advice_en
from {{ ref('int_decision__outcome') }} as d
inner join {{ ref('decision_state') }} as s on s.state = case when d.state = 'withdrawn' and d.is_unfounded then 'withdrawn_unfounded' else d.state end
where s.check_id is not null
