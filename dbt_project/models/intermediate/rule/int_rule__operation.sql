with reported as (
    {% for name, source in [('energy', 'enterprise_energy'), ('process', 'enterprise_process'), ('power_heat', 'enterprise_power_heat'),
        ('output', 'enterprise_output'), ('power_unit', 'power_unit_month')] %}
    {% if not loop.first %}union all{% endif %}
    select '{{ source }}' as source, uscc, period, period_grain, batch_id, row_no,
        cast(period + case period_grain when 'year' then interval 1 year else interval 1 month end as date) as period_end
    from ({{ counting('int_current__' ~ name) }}) as c_{{ name }}
    {% endfor %}
),

of_period as (
    select p.*, r.operating_from, r.operating_to, nullif(trim(r.successor_uscc), '') as successor_uscc, r.valid_from,
        row_number() over (partition by p.source, p.batch_id, p.row_no order by r.valid_from desc) as recency
    from reported as p
    inner join {{ ref('int_current__register') }} as r on r.uscc = p.uscc and r.conflict is null and r.valid_from < p.period_end
),

registered as (
    select * from {{ ref('int_current__register_latest') }}
),

-- digits 3 to 8 of a credit code name the division of the authority that registered it (GB 32100-2015): a hint, where it is a prefecture
of_code as (
    select 'enterprise_register' as source, r.uscc, r.batch_id, r.row_no, r.division_code, d.division_name as name
    from registered as r
    inner join {{ ref('int_current__division') }} as d
        on d.division_code = substr(r.uscc, 3, 4) || '00' and d.level = 'prefecture' and d.conflict is null
    where r.operating_to is null
        and left(r.division_code, 2) = substr(r.uscc, 3, 2) and left(r.division_code, 4) <> substr(r.uscc, 3, 4)
),

moved as (
    select 'enterprise_register' as source, uscc, batch_id, row_no, division_code, cast(date_trunc('month', valid_from) as date) as period,
        lag(division_code) over (partition by uscc order by valid_from) as before_division
    from {{ ref('int_current__register') }}
    where conflict is null
),

same_name as (
    select 'enterprise_register' as source, r.uscc, r.batch_id, r.row_no, r.enterprise_name, min(o.uscc) as other_uscc
    from registered as r
    inner join registered as o on o.enterprise_name = r.enterprise_name and o.uscc <> r.uscc
    where r.operating_to is null and o.operating_to is null
        and nullif(trim(r.successor_uscc), '') is null and nullif(trim(o.successor_uscc), '') is null
    group by r.uscc, r.batch_id, r.row_no, r.enterprise_name
)

select {{ rule_finding('K07-before-operation', 'p', 'period', 'cast(p.period as varchar)', 'cast(p.operating_from as varchar)') }}
from of_period as p
where p.recency = 1 and p.period_end <= p.operating_from
union all
select {{ rule_finding('K07-after-closure', 'p', 'period', 'cast(p.period as varchar)', 'cast(p.operating_to as varchar)') }}
from of_period as p
where p.recency = 1 and p.period > p.operating_to
union all
select {{ rule_finding('K08-successor', 'p', 'uscc', 'p.successor_uscc', 'cast(p.valid_from as varchar)') }}
from of_period as p
where p.recency = 1 and p.successor_uscc <> p.uscc and p.valid_from <= p.period and (p.operating_to is null or p.period > p.operating_to)
union all
select {{ rule_finding('K09-same-name', 's', 'enterprise_name', 's.enterprise_name', 's.other_uscc', period='null') }}
from same_name as s
union all
select {{ rule_finding('K10-code-division', 'c', 'division_code', 'c.division_code', 'c.name', period='null') }}
from of_code as c
union all
select {{ rule_finding('K11-division-changed', 'm', 'division_code', 'm.division_code', 'm.before_division') }}
from moved as m
where left(m.division_code, 4) <> left(m.before_division, 4)
