select
    division_code,
    year,
    factor_set,
    sector_group as sector,
    fuel,
    cast(sum(activity_quantity) as decimal(38, 6)) as activity_quantity,
    min(activity_unit) as activity_unit,
    min(factor_value) as factor_value,
    min(factor_status) as factor_status,
    max(case when has_balance then 1 else 0 end) = 1 as has_balance,
    max(case when is_synthetic then 1 else 0 end) = 1 as is_synthetic,
    cast(sum(emission_tco2) as decimal(18, 3)) as emission_tco2,
    max(case when is_held_back then 1 else 0 end) = 1 as is_held_back,
    min(held_back_reason_zh) as held_back_reason_zh,
    min(held_back_reason_en) as held_back_reason_en
from {{ ref('int_inventory__leaf_emission') }}
group by division_code, year, factor_set, sector_group, fuel
