-- one label for each yearly account
select *
from (select uscc, period, 1 as labelled from {{ ref('fct_account_quality_year') }}) as q
full outer join (select uscc, period, 1 as accounted from {{ ref('fct_enterprise_account_year') }}) as a using (uscc, period)
where labelled is null or accounted is null
