{{ config(materialized='table') }}
{%- set found = 'batch_id, source, row_no, check_id, severity, uscc, period, column_name, reported_value, message_zh, message_en, advice_zh, advice_en' %}
select {{ found }}, 'rule' as told_by
from {{ ref('int_rule__finding') }}
union all
select {{ found }}, 'conflict' as told_by
from {{ ref('int_finding__conflict') }}
union all
select {{ 'f.' ~ found | replace(', ', ', f.') }}, 'version' as told_by
from {{ ref('stg_registry__finding') }} as f
inner join {{ ref('stg_registry__batch') }} as b on b.batch_id = f.batch_id
left join {{ ref('stg_registry__delivered_finding') }} as d on d.batch_id = f.batch_id and d.row_no = f.row_no and d.check_id = f.check_id
where f.stands and d.batch_id is null and f.check_id not like 'N0%' and f.check_id not like 'D0%' and f.check_id not like 'S0%'
