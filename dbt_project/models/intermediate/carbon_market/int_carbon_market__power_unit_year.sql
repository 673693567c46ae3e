select
    uscc, unit_code, make_date(cast(slice_year as integer), 1, 1) as period, slice_year, fuel_kind, unit_class, max_by(cooling, period) as cooling,
    {{ exact_sum('capacity_mw * hours', decimals=6) }} / nullif({{ exact_sum('case when capacity_mw is not null then hours end', decimals=6) }}, 0.0) as capacity_mw,
    {{ whole_sum('hours') }} as hours, {{ whole_sum('generation_mwh') }} as generation_mwh, {{ whole_sum('supply_mwh') }} as supply_mwh,
    {{ exact_sum('heat_gj', decimals=6) }} as heat_gj,
    {{ exact_sum('supply_mwh * heat_ratio', decimals=6) }} / nullif({{ exact_sum('case when heat_ratio is not null then supply_mwh end', decimals=6) }}, 0.0) as heat_ratio,
    sum(main_fuel_tco2e + startup_oil_tco2e + purchased_power_tco2e) as emission_tco2e,
    count(main_fuel_tco2e + startup_oil_tco2e + purchased_power_tco2e) = count(*) as has_emission,
    count(*) as months, bool_or(is_synthetic) as is_synthetic
from {{ ref('int_carbon_market__power_unit_emission') }}
group by uscc, unit_code, slice_year, fuel_kind, unit_class
