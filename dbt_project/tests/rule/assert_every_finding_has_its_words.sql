-- A finding whose rule seed `quality_rule` does not have would get no words and be lost.
with found as (
    {% for name in rule_models() %}
    {% if not loop.first %}union all{% endif %}
    select '{{ name }}' as rule_model, check_id, batch_id, row_no from {{ ref('int_rule__' ~ name) }}
    {% endfor %}
)

select f.rule_model, f.check_id, count(*) as findings
from found as f
left join {{ ref('quality_rule') }} as r on r.check_id = f.check_id
where r.check_id is null or f.batch_id is null or f.row_no is null
group by f.rule_model, f.check_id
union all
select 'int_rule__finding', null, w.findings
from (select count(*) as findings from {{ ref('int_rule__finding') }}) as w
cross join (select count(*) as findings from found) as f
where w.findings <> f.findings
