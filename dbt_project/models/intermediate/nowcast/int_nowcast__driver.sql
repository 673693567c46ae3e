{{ config(materialized='table') }}
with sales as (
    select *
    from {{ ref('stg_grid_sales') }}
    -- figures of single months: the step of a year-to-date one has no vintage of its own
    where period_grain = 'month' and period_kind = '当期' and period >= {{ nowcast_horizon() }} and quantity_mwh is not null
        and regexp_full_match(industry_code, '[0-9]{2,4}') and division_code not like '__0000'
),

thermal as (
    select g.*
    from {{ ref('stg_grid_generation') }} as g
    inner join {{ ref('power_source') }} as s on s.power_source = g.power_source and s.is_thermal
    where g.period_grain = 'month' and g.period_kind = '当期' and g.period >= {{ nowcast_horizon() }} and g.generation_mwh is not null and g.division_code like '__0000'
)

select
    'power_sold' as driver, left(v.division_code, 2) || '0000' as province, coalesce(d.prefecture_code, v.division_code) as prefecture,
    left(v.industry_code, 2) as industry, v.division_code, v.industry_code, v.period, {{ decimal_of('v.quantity_mwh', 6, 28) }} as mwh,
    v.known_from, v.known_until, v.is_synthetic
from (
    {{ row_versions('sales', ['division_code', 'industry_code', 'period']) }}
) as v
left join {{ ref('int_current__division_tree') }} as d on d.code = v.division_code
union all
select
    'thermal_generation', v.division_code, null, null, v.division_code, null, v.period, {{ decimal_of('v.generation_mwh', 6, 28) }},
    v.known_from, v.known_until, v.is_synthetic
from (
    {{ row_versions('thermal', ['division_code', 'power_source', 'period']) }}
) as v
