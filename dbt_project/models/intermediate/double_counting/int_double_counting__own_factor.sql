{{ config(materialized='table') }}
select uscc, slice_year, emission_source, item, activity_unit,
    -- one factor throughout the year: that one; else what the year's lines make of it
    case
        when min(gas) = 'CO2' and max(gas) = 'CO2' and min(factor_value) = max(factor_value) then min(factor_value)
        else cast(sum(emission_common_tco2e) as double) / nullif({{ exact_sum('activity_quantity', decimals=6) }}, 0.0)
    end as tco2e_per_unit,
    sum(emission_common_tco2e) as tco2e
from {{ ref('int_ledger__line') }}
where hold is null and emission_source not in ('energy_only', 'biomass_memo') and {{ in_location_view() }}
group by uscc, slice_year, emission_source, item, activity_unit
