-- What each enterprise got, holds and surrendered, year by year.
select
    cast(r.uscc as varchar) as uscc,
    cast(r.year as integer) as year,
    cast(r.free_allocation_t as double) as free_allocation_t,
    cast(r.computed_allowance_t as decimal(18, 3)) as computed_allowance_t,
    cast(r.held_t as double) as held_t,
    cast(r.surrendered_t as double) as surrendered_t,
    cast(r.ccer_t as double) as ccer_t,
    cast(r.emission_tco2e as decimal(18, 3)) as emission_tco2e,
    cast(r.emission_basis as varchar) as emission_basis,
    cast(r.is_whole_year as boolean) as is_whole_year,
    cast(cast(r.emission_tco2e as double) - r.free_allocation_t as double) as allocation_gap_t,
    cast(r.surrendered_t <= r.held_t as boolean) as surrender_within_held,
    cast(r.ccer_t / nullif(cast(r.emission_tco2e as double), 0.0) as double) as ccer_share,
    cast(r.ccer_t as double) as ccer_share_num,
    cast(r.emission_tco2e as double) as ccer_share_den,
    cast(r.is_synthetic as boolean) as is_synthetic
from {{ ref('int_carbon_market__compliance_year') }} as r
order by r.year, r.uscc
