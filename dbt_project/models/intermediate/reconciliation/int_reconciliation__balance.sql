{{ config(materialized='table') }}
with place as (
    select code, level, province_code from {{ ref('int_current__division_tree') }} where level = 'prefecture'
    union all
    select home_province, 'province', home_province from {{ of_night('night') }}
)

select
    e.division_code, p.level, p.province_code, e.year, max(case when e.is_synthetic then 1 else 0 end) = 1 as is_synthetic,
    cast(sum(e.emission_tco2) as decimal(18, 3)) as top_down_tco2e
from {{ ref('int_inventory__leaf_emission') }} as e
inner join place as p on p.code = e.division_code
where e.has_balance and e.factor_set = {{ bridge_setting('factor_set') }}
    and left(e.division_code, 2) = left({{ night('home_province') }}, 2)
group by e.division_code, p.level, p.province_code, e.year
having count(e.emission_tco2) > 0
