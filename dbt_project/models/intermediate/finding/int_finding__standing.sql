{{ config(materialized='table') }}
-- Findings that stand at the knowledge date: of the gate, of batches delivered under two names, of rows in conflict, and of the
-- rules on the current view.
with gate as (
    select f.*
    from {{ ref('stg_registry__finding') }} as f
    inner join {{ ref('stg_registry__batch') }} as b on f.batch_id = b.batch_id
    where f.holds_until is null or f.holds_until > {{ knowledge_end() }}
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
select *, cast(null as timestamp) as holds_until
from (
    {{ conflict_findings(ref(name), source, uscc, period) }}
) as conflict_{{ loop.index }}
{% endfor %}
union all
select *, cast(null as timestamp) as holds_until from {{ ref('int_rule__finding') }}
union all
select *, cast(null as timestamp) as holds_until from {{ ref('int_decision__finding') }}
