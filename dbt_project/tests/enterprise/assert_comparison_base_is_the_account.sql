-- whatever it is compared with, the base of an enterprise, year and fuel is what its fuel lines sum to
with compared as (
    select uscc, period, fuel, method_code, base_method_version, base_factor_set, min(base_tco2) as least, max(base_tco2) as greatest
    from {{ ref('fct_method_comparison') }}
    group by uscc, period, fuel, method_code, base_method_version, base_factor_set
),

bases as (
    select uscc, period, fuel, sum(least) as least, sum(greatest) as greatest
    from compared
    group by uscc, period, fuel
),

account as (
    select uscc, make_date(year(period), 1, 1) as period, item as fuel, sum(emission_tco2e) as tco2
    from {{ ref('fct_enterprise_emission_line') }}
    where emission_source = 'fuel'
    group by uscc, make_date(year(period), 1, 1), item
)

select *
from bases
full outer join account using (uscc, period, fuel)
where least is distinct from tco2 or greatest is distinct from tco2
