-- Trend and plausibility: published totals of all years beside the computed ones.
select
    cast(t.division_code as varchar) as division_code,
    cast(t.inventory as varchar) as inventory,
    cast(t.factor_set as varchar) as factor_set,
    cast(t.fuel as varchar) as fuel,
    cast(t.year as integer) as year,
    cast(t.computed_mtco2 as double) as computed_mtco2,
    cast(t.published_mtco2 as double) as published_mtco2,
    cast(t.difference_percent as double) as difference_percent,
    cast(t.change_percent as double) as published_change_percent,
    cast(t.reference_year as integer) as reference_year,
    cast(t.yearly_change_percent as double) as yearly_change_percent,
    cast(t.low_percent as double) as published_change_low_percent,
    cast(t.high_percent as double) as published_change_high_percent,
    cast(t.held_back_rows as bigint) as held_back_rows,
    cast(t.verdict as varchar) as verdict,
    cast(t.document as varchar) as document,
    cast(t.is_synthetic as boolean) as is_synthetic
from {{ ref('int_inventory__trend') }} as t
order by 1, 2, 3, 4, 5
