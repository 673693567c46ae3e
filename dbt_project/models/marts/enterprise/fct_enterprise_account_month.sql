-- Enterprise carbon account by month: sums of its lines. completeness = sources delivered and accounted / sources due in the month.
select
    cast(uscc as varchar) as uscc, cast(period as date) as period, cast(enterprise_name as varchar) as enterprise_name,
    cast(division_code as varchar) as division_code, cast(industry_code as varchar) as industry_code,
    cast(method_code as varchar) as method_code, cast(method_version as varchar) as method_version,
    cast(gwp_set as varchar) as gwp_set,
    {{ account_columns('%s') }}
    cast(coalesce(energy_hold, case when equivalent_extra_tce is null then 'no_equivalent_factor' end) as varchar) as energy_hold_code,
    cast(sources_accounted as bigint) as completeness_num, cast(sources_due as bigint) as completeness_den,
    cast(sources_accounted as double) / nullif(cast(sources_due as double), 0.0) as completeness,
    cast(account_hold as varchar) as hold_code, cast(is_synthetic as boolean) as is_synthetic
from {{ ref('int_account__period') }}
where period_grain = 'month'
order by period, uscc
