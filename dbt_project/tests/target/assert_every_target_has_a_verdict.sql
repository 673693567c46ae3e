-- Every target of the plan has a rule, and a verdict for the province in 2025, whatever was delivered.
select p.target_id
from {{ ref('int_current__plan_target') }} as p
left join {{ ref('fct_target_verdict') }} as v
    on v.target_id = p.target_id and v.period = date '2025-01-01'
    and v.division_code = {{ night('home_province') }}
where p.conflict is null and v.target_id is null
