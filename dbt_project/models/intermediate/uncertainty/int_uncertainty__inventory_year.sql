{{ config(materialized='table') }}
with {{ half_widths(ref('int_uncertainty__inventory'), ['level', 'code', 'total_period', 'factor_set']) }},

inventory_value as (
    select
        division_code as code, make_date(year, 1, 1) as total_period, factor_set, cast(sum(emission_tco2) as decimal(18, 3)) as value,
        bool_or(is_synthetic) as is_synthetic
    from {{ ref('int_inventory__emission') }}
    where emission_tco2 is not null and has_balance
    group by division_code, year, factor_set
)

select
    'inventory' as basis, v.factor_set, h.level, v.code, v.total_period as period, 'inventory_tco2' as measure, v.value,
    h.variance, h.factor_variance, h.independent_variance, h.largest_error, h.largest_variance, v.is_synthetic
from inventory_value as v
inner join half_width as h on h.code = v.code and h.total_period = v.total_period and h.factor_set = v.factor_set
