{{ config(materialized='table') }}
with place as (
    select division_code, industry_code, own_field from {{ ref('int_ledger__line') }}
    union
    -- where lines of closed years would count by what is known today
    select division_code, industry_code, own_field from ({{ account_lines() }}) as known_today
    union
    select division_code, industry_code, cast(null as varchar) from {{ ref('int_current__register') }}
)

select
    p.division_code, p.industry_code, p.own_field,
    {{ level_codes('p.division_code', 'coalesce(d.prefecture_code, p.division_code)', 'p.industry_code', "coalesce(c.section, 'unknown')", line_field('p.own_field', 'f.field')) }}
from place as p
left join {{ ref('int_current__division_tree') }} as d on d.code = p.division_code
left join {{ ref('int_current__industry') }} as c on c.code = p.industry_code
left join {{ ref('field_of_division') }} as f on f.industry_division = left(p.industry_code, 2)
