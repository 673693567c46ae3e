{{ config(materialized='table') }}
{% set codes = ['division_code', 'prefecture_code', 'industry_code', 'industry_section', 'field'] %}
{% set old_codes = [] %}{% for code in codes %}{% do old_codes.append('before_' ~ code) %}{% endfor %}
with split as (
    select *,
        case
            when factor_value = before_factor_value and factor_id = before_factor_id then change
            when activity_quantity is null or before_activity_quantity is null or activity_unit is distinct from before_activity_unit then 0
            when activity_quantity = before_activity_quantity then 0
            when before_activity_quantity = 0.0 or before_emission_common_tco2e = 0 then change
            else {{ tonnes('cast(before_emission_common_tco2e as double) * (activity_quantity / before_activity_quantity)') }} - before_emission_common_tco2e
        end as activity_effect,
        case
            when side <> 'both' then null
            when division_code <> before_division_code or industry_code <> before_industry_code then 'entity'
            when prefecture_code is distinct from before_prefecture_code or industry_section is distinct from before_industry_section
                or field is distinct from before_field then 'boundary'
        end as move_cause
    from (
        select *, cast(emission_common_tco2e - before_emission_common_tco2e as decimal(18, 3)) as change
        from {{ ref('int_restatement__cause') }}
    ) as changed
),

effect as (
    select line_id, uscc, period, period_grain, measure, is_synthetic, {{ codes | join(', ') }}, whole_cause as cause, emission_common_tco2e as delta_tco2e
    from split where side = 'new'
    union all
    select line_id, uscc, period, period_grain, measure, is_synthetic, {{ old_codes | join(', ') }}, whole_cause, -before_emission_common_tco2e
    from split where side = 'gone'
    union all
    -- a figure that leaves one place for another moves at its old value
    select line_id, uscc, period, period_grain, measure, is_synthetic, {{ old_codes | join(', ') }},
        move_cause, -before_emission_common_tco2e
    from split where move_cause is not null
    union all
    select line_id, uscc, period, period_grain, measure, is_synthetic, {{ codes | join(', ') }},
        move_cause, before_emission_common_tco2e
    from split where move_cause is not null
    union all
    select line_id, uscc, period, period_grain, measure, is_synthetic, {{ codes | join(', ') }}, activity_cause, activity_effect
    from split where side = 'both'
    union all
    select line_id, uscc, period, period_grain, measure, is_synthetic, {{ codes | join(', ') }}, factor_cause, change - activity_effect
    from split where side = 'both'
)

select
    e.uscc as enterprise, e.period, e.period_grain, e.measure, e.cause, e.is_synthetic, cast(e.delta_tco2e as decimal(18, 3)) as delta_tco2e,
    {{ level_codes('e.division_code', 'e.prefecture_code', 'e.industry_code', 'e.industry_section', 'e.field') }}
from effect as e
where e.delta_tco2e <> 0
