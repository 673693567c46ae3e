{{ config(materialized='table') }}
with place as (
    select division_code, industry_code, own_field from {{ ref('int_ledger__line') }}
    union
    select division_code, industry_code, cast(null as varchar) from {{ ref('int_current__register') }}
)

select
    p.division_code, p.industry_code, p.own_field,
    left(p.division_code, 2) || '0000' as province,
    coalesce(d.prefecture_code, p.division_code) as prefecture,
    p.division_code as county,
    coalesce(c.section, 'unknown') as industry_section,
    left(p.industry_code, 2) as industry,
    p.industry_code as industry_class,
    {{ line_field('p.own_field', 'f.field') }} as field,
    coalesce(d.prefecture_code, p.division_code) || ':' || left(p.industry_code, 2) as prefecture_industry
from place as p
left join {{ ref('int_current__division_tree') }} as d on d.code = p.division_code
left join {{ ref('int_current__industry') }} as c on c.code = p.industry_code
left join {{ ref('field_of_division') }} as f on f.industry_division = left(p.industry_code, 2)
