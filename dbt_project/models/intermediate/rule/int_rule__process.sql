with p as (
    select *, 'enterprise_process' as source from ({{ counting('int_current__process') }}) as c
)

select {{ rule_finding('P02-abatement-without-use', 'p', 'quantity', shown('p.quantity')) }}
from p
where p.item = 'n2o_abatement_efficiency' and p.quantity > 0.0
    and not exists (
        select 1 from p as u
        where u.uscc = p.uscc and u.period = p.period and u.period_grain = p.period_grain and u.item = 'n2o_abatement_usage'
            and u.quantity is not null and (u.unit_code = p.unit_code or u.unit_code = '' or p.unit_code = '')
    )
