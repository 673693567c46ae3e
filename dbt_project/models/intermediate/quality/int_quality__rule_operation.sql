-- Reports of enterprises before they opened, after they closed, or after a successor took over, by the register as of the period.
with reported as (
    {% for name, source in [('energy', 'enterprise_energy'), ('process', 'enterprise_process'), ('power_heat', 'enterprise_power_heat'),
        ('output', 'enterprise_output'), ('power_unit', 'power_unit_month')] %}
    {% if not loop.first %}union all{% endif %}
    select '{{ source }}' as source, uscc, period, period_grain, batch_id, row_no,
        cast(period + case period_grain when 'year' then interval 1 year else interval 1 month end as date) as period_end
    from ({{ counting('int_' ~ name ~ '__current') }}) as c_{{ name }}
    {% endfor %}
),

of_period as (
    select p.*, r.operating_from, r.operating_to, nullif(trim(r.successor_uscc), '') as successor_uscc, r.valid_from,
        row_number() over (partition by p.source, p.batch_id, p.row_no order by r.valid_from desc) as recency
    from reported as p
    inner join {{ ref('int_register__current') }} as r on r.uscc = p.uscc and r.conflict is null and r.valid_from < p.period_end
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
