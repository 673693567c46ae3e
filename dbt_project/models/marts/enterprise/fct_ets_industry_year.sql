-- Steel, cement and aluminium enterprises of the carbon market by year: ETS scope, output, intensity, allowance, gap.
select
    cast(uscc as varchar) as uscc, make_date(slice_year, 1, 1) as period, cast(enterprise_name as varchar) as enterprise_name,
    cast(sector as varchar) as sector, cast(method_code as varchar) as method_code, cast(method_version as varchar) as method_version,
    cast(direct_tco2e as decimal(18, 3)) as direct_tco2e,
    cast(direct_common_tco2e as decimal(18, 3)) as direct_common_tco2e,
    cast(ets_direct_tco2e as decimal(18, 3)) as ets_direct_tco2e,
    cast(direct_tco2e - ets_direct_tco2e as decimal(18, 3)) as outside_scope_tco2e,
    cast('computed' as varchar) as verified_basis,
    cast(product_zh as varchar) as product_zh, cast(product_en as varchar) as product_en,
    cast(output_source as varchar) as output_source,
    cast(ets_direct_tco2e as decimal(18, 3)) as intensity_num, cast(output_t as double) as intensity_den,
    cast(intensity as double) as intensity,
    cast(allowance_rule as varchar) as allowance_rule,
    cast(balance_value as double) as balance_value, cast(balance_unit as varchar) as balance_unit,
    cast(rate_slope as double) as rate_slope, cast(rate_cap as double) as rate_cap, cast(rate as double) as rate,
    cast(allowance_t as decimal(18, 3)) as allowance_t, cast(allowance_status as varchar) as allowance_status,
    cast(allowance_hold as varchar) as allowance_hold_code,
    cast(ets_direct_tco2e - allowance_t as decimal(18, 3)) as gap_t,
    cast(balance_id as varchar) as balance_factor_id, cast(slope_id as varchar) as slope_factor_id,
    cast(held_back_lines as bigint) as held_back_lines, cast(hold as varchar) as hold_code,
    cast(rests_on_synthetic as boolean) as is_synthetic
from {{ ref('int_carbon_market__industry_year') }}
order by period, uscc
