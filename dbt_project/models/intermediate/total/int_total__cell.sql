{{ config(materialized='table', post_hook='{{ stand_closed() }}') }}
with lines as (
    select
        uscc, period, period_grain, division_code, industry_code,
        own_field,
        sum(case when hold is null and is_direct then emission_common_tco2e else 0 end) as direct_tco2e,
        sum(case when hold is null and electricity_view = 'location' then emission_common_tco2e else 0 end) as purchased_power_location_tco2e,
        sum(case when hold is null and emission_source = 'purchased_heat' then emission_common_tco2e else 0 end) as purchased_heat_tco2e,
        {% for gas in ledger_gases() -%}
        sum(case when hold is null and is_direct and gas = '{{ gas }}' then gas_mass else 0 end) as {{ gas_column(gas) }},
        {% endfor -%}
        sum(case when hold is null and is_direct and factor_tier = 'measured' then abs(emission_common_tco2e) else 0 end) as measured_num,
        sum(case when hold is null and is_direct then abs(emission_common_tco2e) else 0 end) as measured_den,
        count(case when hold is not null and {{ in_location_view() }} then 1 end) as held_back_rows,
        sum(held_tco2e) as held_back_tco2e,
        count(case when hold is not null and {{ in_location_view() }} and held_tco2e is null then 1 end)
            as held_back_unknown_rows,
        count(*) as lines, 0 as registered, 0 as reported, 0 as incomplete, 0 as stale, bool_or(is_synthetic) as is_synthetic
    from (
        select l.*, h.tco2e as held_tco2e, {{ is_direct() }} as is_direct,
            {{ decimal_of('l.gas_t', 9, 28) }} as gas_mass
        from {{ ref('int_ledger__line') }} as l
        left join {{ ref('int_total__held_line') }} as h on h.line_id = l.line_id
        where division_code is not null and emission_source <> 'biomass_memo'
    ) as l
    group by uscc, period, period_grain, division_code, industry_code, own_field
),

members as (
    select
        m.uscc, m.period, 'month' as period_grain, division_code, industry_code, cast(null as varchar) as own_field,
        0 as direct_tco2e, 0 as purchased_power_location_tco2e, 0 as purchased_heat_tco2e,
        {% for gas in ledger_gases() %}0 as {{ gas_column(gas) }}, {% endfor %}0 as measured_num, 0 as measured_den,
        m.quarantined_rows as held_back_rows, q.estimate_tco2e as held_back_tco2e, coalesce(q.unknown_rows, 0) as held_back_unknown_rows,
        0 as lines, case when in_operation then 1 else 0 end as registered, case when has_reported and account_hold is null then 1 else 0 end as reported,
        case when in_operation and (not has_reported or account_hold is not null or sources_delivered < sources_due or m.quarantined_rows > 0) then 1 else 0 end as incomplete,
        case when has_reported and (own.uscc is not null or everyone.period is not null) then 1 else 0 end as stale, is_synthetic
    from {{ ref('int_total__registered') }} as m
    left join {{ ref('int_account__quarantined') }} as q on q.uscc = m.uscc and q.period = m.period
    left join (select distinct uscc, period from {{ ref('int_total__stale') }}) as own on own.uscc = m.uscc and own.period = m.period
    left join (select distinct period from {{ ref('int_total__stale') }} where uscc is null) as everyone on everyone.period = m.period
),

rows_of_both as (
    select * from lines
    union all
    select * from members
)

select
    r.*, cast(year(r.period) as bigint) as slice_year,
    {% for level in total_levels() %}k.{{ level }}{{ ', ' if not loop.last }}{% endfor %}
from rows_of_both as r
left join {{ ref('int_ledger__level_code') }} as k
    on k.division_code is not distinct from r.division_code and k.industry_code is not distinct from r.industry_code
    and k.own_field is not distinct from r.own_field
