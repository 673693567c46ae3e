-- whatever it is compared with, the base of an enterprise, year, method, source, item, gas and view is what its lines sum to, and 0 where the
-- account has none; all fuel is compared, and every other line where its method has another version
with compared as (
    select uscc, period, emission_source, item, gas, coalesce(electricity_view, '') as view, method_code, base_method_version, min(base_tco2) as least,
        max(base_tco2) as greatest, true as is_compared
    from {{ ref('fct_method_comparison') }}
    group by uscc, period, emission_source, item, gas, coalesce(electricity_view, ''), method_code, base_method_version
),

other_versions as (
    select distinct o.method_code, o.version
    from {{ ref('method_version') }} as o
    inner join {{ ref('method_version') }} as m on m.method_code = o.method_code and m.version <> o.version
),

account as (
    select l.uscc, make_date(year(l.period), 1, 1) as period, l.emission_source, l.item, l.gas, coalesce(l.electricity_view, '') as view,
        l.method_code, l.method_version as base_method_version, sum(l.emission_tco2e) as tco2, bool_or(l.emission_source = 'fuel' or v.version is not null) as is_due
    from {{ ref('fct_enterprise_emission_line') }} as l
    left join other_versions as v on v.method_code = l.method_code and v.version = l.method_version
    where l.emission_source <> 'biomass_memo'
    group by l.uscc, make_date(year(l.period), 1, 1), l.emission_source, l.item, l.gas, coalesce(l.electricity_view, ''), l.method_code, l.method_version
)

select *
from compared
full outer join account using (uscc, period, emission_source, item, gas, view, method_code, base_method_version)
where (is_compared is null and is_due)
    or (is_compared and tco2 is not null and (least is distinct from tco2 or greatest is distinct from tco2))
    or (is_compared and tco2 is null and (least <> 0 or greatest <> 0))
