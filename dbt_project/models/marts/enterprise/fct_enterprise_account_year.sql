-- Enterprise carbon account by year: months and, where a fact came by the year, yearly lines. Never both of one fact.
-- completeness = source-months delivered and accounted / source-months due over the months in operation that are due.
with counted as (
    select *,
        row_number() over (partition by uscc, slice_year order by period desc, period_grain) as recency,
        case when period_grain = 'year' then 12 else 1 end as months
    from {{ ref('int_account__period') }}
),

succession as (
    select uscc, founded_on,
        -- the month in which the succession falls is still the predecessor's
        cast(date_trunc('month', succeeded_from - interval 1 day) as date) as last_month
    from {{ ref('int_current__succession') }}
),

latest as (
    select c.*,
        greatest(coalesce(c.operating_from, s.founded_on, make_date(c.slice_year, 1, 1)), make_date(c.slice_year, 1, 1)) as first_day,
        -- a running year counts to its last month that is due, or that it delivered; a body goes on under its successor's code
        least(coalesce(c.operating_to, make_date(c.slice_year, 12, 31)), greatest(
            least(make_date(c.slice_year, 12, 1), coalesce(s.last_month, make_date(c.slice_year, 12, 1)), {{ last_due_month(deadline_days('delivery', 'enterprise_energy')) }}),
            cast(c.period + to_months(cast(c.months - 1 as integer)) as date)
        ) + interval 1 month - interval 1 day) as last_day
    from counted as c
    left join succession as s on s.uscc = c.uscc
    where c.recency = 1
),

summed as (
    select
        uscc, slice_year,
        {{ account_columns('sum(%s)') }}
        max(sources_due) as sources_due,
        sum(sources_accounted * months) as source_months,
        coalesce(min(energy_hold), max(case when equivalent_extra_tce is null then 'no_equivalent_factor' end)) as energy_hold_code,
        bool_or(is_synthetic) as is_synthetic
    from counted
    group by uscc, slice_year
),

due as (
    select s.*, l.enterprise_name, l.division_code, l.industry_code, l.method_code, l.method_version, l.gwp_set, l.account_hold,
        greatest(0, (year(l.last_day) - year(l.first_day)) * 12 + month(l.last_day) - month(l.first_day) + 1) * s.sources_due as due_months
    from summed as s
    inner join latest as l on l.uscc = s.uscc and l.slice_year = s.slice_year
)

select
    cast(uscc as varchar) as uscc, make_date(slice_year, 1, 1) as period, cast(enterprise_name as varchar) as enterprise_name,
    cast(division_code as varchar) as division_code, cast(industry_code as varchar) as industry_code,
    cast(method_code as varchar) as method_code, cast(method_version as varchar) as method_version,
    cast(gwp_set as varchar) as gwp_set,
    fuel_tco2e, process_tco2e, product_deduction_tco2e, co2_recovered_tco2e, direct_tco2e, direct_common_tco2e,
    ets_direct_tco2e, internal_transfer_tco2e,
    purchased_power_location_tco2e, purchased_power_national_tco2e, purchased_power_market_tco2e, purchased_power_method_tco2e,
    purchased_heat_tco2e, total_location_tco2e, total_market_tco2e, biomass_memo_tco2e, energy_tce, energy_equivalent_tce, measured_share_num,
    measured_share_den, measured_share, unconfirmed_share_num, unconfirmed_share, held_back_lines,
    cast(energy_hold_code as varchar) as energy_hold_code,
    cast(least(source_months, due_months) as bigint) as completeness_num, cast(due_months as bigint) as completeness_den,
    cast(least(source_months, due_months) as double) / nullif(cast(due_months as double), 0.0) as completeness,
    cast(account_hold as varchar) as hold_code, cast(is_synthetic as boolean) as is_synthetic
from due
order by period, uscc
