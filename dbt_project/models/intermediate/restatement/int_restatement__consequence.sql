{{ config(materialized='table') }}
with verdict as (
    select 'verdict' as kind, a.target_id || ':' || a.division_code as subject, a.period, b.verdict as before_value, a.verdict as after_value,
        cast(null as decimal(18, 3)) as delta, a.indicator_zh as name_zh, a.indicator_en as name_en, a.is_synthetic
    from {{ ref('fct_target_verdict') }} as a
    inner join {{ ref('stg_before__target_verdict') }} as b on b.target_id = a.target_id and b.division_code = a.division_code and b.period = a.period
    where a.verdict <> b.verdict
),

gap as (
    select 'allowance_gap' as kind, a.uscc || ':' || a.unit_code as subject, a.period, cast(b.gap_t as varchar) as before_value, cast(a.gap_t as varchar) as after_value,
        cast(a.gap_t - b.gap_t as decimal(18, 3)) as delta, '机组配额缺口（吨）' as name_zh, 'allowance gap of the unit, tonnes' as name_en, a.is_synthetic
    from {{ ref('fct_power_unit_year') }} as a
    inner join {{ ref('stg_before__power_unit_year') }} as b on b.uscc = a.uscc and b.unit_code = a.unit_code and b.period = a.period
    where a.gap_t is distinct from b.gap_t
),

grade as (
    select 'quality_grade' as kind, a.uscc as subject, a.period, b.grade as before_value, a.grade as after_value,
        cast(null as decimal(18, 3)) as delta, '账户数据质量等级' as name_zh, 'grade of the account''s data' as name_en, a.is_synthetic
    from {{ ref('fct_account_quality_year') }} as a
    inner join {{ ref('stg_before__account_quality_year') }} as b on b.uscc = a.uscc and b.period = a.period
    where a.grade is distinct from b.grade
),

status as (
    select 'year_status' as kind, a.level || ':' || a.code as subject, a.period, b.status as before_value, a.status as after_value,
        cast(null as decimal(18, 3)) as delta, '年度合计的状态' as name_zh, 'status of the year''s total' as name_en, a.is_synthetic
    from {{ ref('fct_total_year') }} as a
    inner join {{ ref('stg_before__total_year') }} as b on b.level = a.level and b.code = a.code and b.period = a.period
    where a.status <> b.status
)

{% for kind in ['verdict', 'gap', 'grade', 'status'] -%}
select pair.release_id, pair.from_release_id, c.*
from {{ kind }} as c cross join {{ ref('stg_registry__release_pair') }} as pair
{% if not loop.last %}union all
{% endif %}
{%- endfor %}
