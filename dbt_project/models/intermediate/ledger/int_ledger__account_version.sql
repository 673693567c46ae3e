{{ config(materialized='table') }}
with periods as (
    select uscc, period, period_grain from {{ ref('int_current__energy') }}
    union
    select uscc, period, period_grain from {{ ref('int_current__process') }}
    union
    select uscc, period, period_grain from {{ ref('int_current__power_heat') }}
    union
    select uscc, period, period_grain from {{ ref('int_current__output') }}
),

dated as (
    select *,
        cast(period + case period_grain when 'year' then interval 1 year else interval 1 month end as date) as period_end
    from periods
),

registered as (
    select
        p.uscc, p.period, p.period_grain, p.period_end,
        r.enterprise_name, r.industry_code, r.division_code, r.accounting_method, r.in_national_ets, r.operating_from,
        r.operating_to, r.is_synthetic as register_is_synthetic,
        row_number() over (partition by p.uscc, p.period, p.period_grain order by r.valid_from desc nulls last) as recency
    from dated as p
    left join {{ ref('int_current__register') }} as r
        on r.uscc = p.uscc and r.conflict is null and r.valid_from < p.period_end
),

named as (
    select *,
        nullif(split_part(accounting_method, '@', 1), '') as method_code,
        nullif(split_part(accounting_method, '@', 2), '') as named_version
    from registered
    where recency = 1
),

versions as (
    select
        n.uscc, n.period, n.period_grain, m.version,
        row_number() over (partition by n.uscc, n.period, n.period_grain order by m.priority desc) as choice
    from named as n
    inner join {{ ref('method_version') }} as m
        on m.method_code = n.method_code
        and m.valid_from <= n.period
        and (m.valid_to is null or n.period < m.valid_to)
        and case when n.named_version is null then (not m.ets_only or n.in_national_ets) else m.version = n.named_version end
),

versioned as (
    select
        case when v.version <> own.version then n.uscc || '@' || v.version else n.uscc end as account,
        v.version is not distinct from own.version as is_account,
        n.uscc, n.period, n.period_grain, n.period_end, cast(year(n.period) as bigint) as slice_year,
        n.enterprise_name, n.industry_code, n.division_code, n.in_national_ets, n.operating_from, n.operating_to,
        coalesce(n.register_is_synthetic, false) as register_is_synthetic,
        left(n.division_code, 2) || '0000' as province_code,
        n.method_code, v.version as method_version, v.method_no, v.factor_set, v.gwp_set, v.carbonate_parameter,
        v.exports_make_lines, v.power_makes_lines,
        case when n.period >= v.oxidation_if_blank_from then v.oxidation_if_blank end as oxidation_if_blank,
        v.unmeasured_coal_code, v.national_grid_kind, v.method_electricity,
        case
            when n.industry_code is null then 'no_register_row'
            when n.method_code is null then 'no_method'
            when own.version is null then 'method_not_in_force'
        end as hold
    from named as n
    left join versions as own
        on own.uscc = n.uscc and own.period = n.period and own.period_grain = n.period_grain and own.choice = 1
    left join {{ ref('method_version') }} as v on v.method_code = n.method_code and own.version is not null
)

select *, false as is_set_only
from versioned
union all
select v.* replace (v.uscc || '@/' || s.factor_set as account, false as is_account, s.factor_set as factor_set), true as is_set_only
from versioned as v
inner join (select distinct factor_set from {{ ref('fuel_set_fallback') }}) as s on s.factor_set <> v.factor_set
where v.is_account and v.method_no in (select method_code from {{ ref('process_item') }} where fuel_code is not null)
