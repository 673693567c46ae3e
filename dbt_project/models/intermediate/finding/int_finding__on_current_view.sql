{{ config(materialized='table') }}
{%- set found = 'batch_id, source, row_no, check_id, severity, uscc, period, column_name, reported_value, message_zh, message_en, advice_zh, advice_en' %}
select {{ found }}, 'rule' as told_by
from {{ ref('int_rule__finding') }}
{% for name, source, uscc, period in [
    ('int_current__register', 'enterprise_register', 'uscc', 'null'),
    ('int_current__energy', 'enterprise_energy', 'uscc', 'period'),
    ('int_current__process', 'enterprise_process', 'uscc', 'period'),
    ('int_current__power_heat', 'enterprise_power_heat', 'uscc', 'period'),
    ('int_current__output', 'enterprise_output', 'uscc', 'period'),
    ('int_current__power_unit', 'power_unit_month', 'uscc', 'period'),
    ('int_current__certificate', 'certificate', 'uscc', 'vintage'),
    ('int_current__allowance', 'allowance', 'uscc', "cast(year as varchar) || '-01-01'"),
    ('int_current__credit', 'credit', 'uscc', "cast(year as varchar) || '-01-01'"),
    ('int_current__project_list', 'project_list', 'uscc', 'null'),
    ('int_current__grid_sales', 'grid_sales', 'null', 'period'),
    ('int_current__carbon_sink', 'carbon_sink', 'null', "cast(year as varchar) || '-01-01'"),
    ('int_meter__contested', 'meter_reading', 'uscc', 'period'),
    ('int_factor__known', 'emission_factor', 'null', 'null'),
    ('int_current__energy_balance', 'energy_balance', 'null', "cast(year as varchar) || '-01-01'"),
    ('int_current__sector_statistics', 'sector_statistics', 'null', 'period'),
    ('int_current__grid_generation', 'grid_generation', 'null', 'period'),
    ('int_current__grid_exchange', 'grid_exchange', 'null', 'period'),
    ('int_current__target_observation', 'target_observation', 'null', 'period'),
    ('int_current__division', 'division', 'null', 'null'),
    ('int_current__industry_class', 'industry_class', 'null', 'null'),
    ('int_current__plan_target', 'plan_target', 'null', 'null'),
    ('int_current__steward_decision', 'steward_decision', 'null', 'null'),
    ('int_current__published_check', 'published_check', 'null', "cast(year as varchar) || '-01-01'"),
] %}
union all
select {{ found }}, 'conflict' as told_by
from (
    {{ conflict_findings(ref(name), source, uscc, period) }}
) as conflict_{{ loop.index }}
{% endfor %}
union all
select {{ 'f.' ~ found | replace(', ', ', f.') }}, 'version' as told_by
from {{ ref('stg_registry__finding') }} as f
inner join {{ ref('stg_registry__batch') }} as b on b.batch_id = f.batch_id
left join {{ ref('stg_registry__delivered_finding') }} as d on d.batch_id = f.batch_id and d.row_no = f.row_no and d.check_id = f.check_id
where f.stands and d.batch_id is null and f.check_id not like 'N0%' and f.check_id not like 'D0%' and f.check_id not like 'S0%'
