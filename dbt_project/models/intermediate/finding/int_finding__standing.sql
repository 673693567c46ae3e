{{ config(materialized='table') }}
with gate as (
    select f.*
    from {{ ref('stg_registry__finding') }} as f
    inner join {{ ref('stg_registry__batch') }} as b on f.batch_id = b.batch_id
    where f.stands
),

delivered_again as (
    select
        p.batch_id,
        min(p.source) as source,
        count(*) as names,
        {{ dbt.listagg('p.file_name', "'; '", 'order by p.file_name') }} as file_names
    from {{ ref('stg_registry__path_seen') }} as p
    inner join {{ ref('stg_registry__batch') }} as b on p.batch_id = b.batch_id
    group by p.batch_id
    having count(*) > 1
),

-- decisions that do nothing, and rejections of a row that fails nothing: told on the delivery that they came in
decided as (
    select distinct
        d.decision_batch_id as batch_id, 'steward_decision' as source, d.decision_row_no as row_no, s.check_id, 'info' as severity,
        cast(null as varchar) as uscc, cast(null as date) as period, s.column_name,
        case s.column_name when 'target_batch_id' then d.batch_id when 'target_row_no' then cast(d.row_no as varchar) end as reported_value,
        s.message_zh, s.message_en, s.advice_zh, s.advice_en
    from {{ ref('int_decision__outcome') }} as d
    inner join {{ ref('decision_state') }} as s on s.state = case when d.state = 'withdrawn' and d.is_unfounded then 'withdrawn_unfounded' else d.state end
    where s.check_id is not null
)

select
    batch_id, source, row_no, check_id, severity, uscc, period, column_name, reported_value,
    message_zh, message_en, advice_zh, advice_en,
    holds_until
from gate
union all
select
    batch_id, source, 0, 'D01-duplicate-delivery', 'info', null, null, null, file_names,
    '同一文件以 ' || cast(names as varchar) || ' 个名称提交，只计一次',
    'the same file was delivered under ' || cast(names as varchar) || ' names and counts once',
    '无需处理', 'nothing to do',
    null
from delivered_again
union all
select
    batch_id, source, row_no, check_id, severity, uscc, period, column_name, reported_value, message_zh, message_en, advice_zh, advice_en,
    cast(null as timestamp) as holds_until
from {{ ref('int_finding__on_current_view') }}
where told_by <> 'version'
union all
select *, cast(null as timestamp) as holds_until from decided
