select
    cast(c.division_code as varchar) as division_code,
    cast(c.year as integer) as year,
    cast(c.factor_set as varchar) as factor_set,
    cast(c.inventory as varchar) as inventory,
    cast(c.fuel as varchar) as fuel,
    cast(c.computed_mtco2 as double) as computed_mtco2,
    cast(c.published_mtco2 as double) as published_mtco2,
    -- a total without its held back fuels is no figure to compare
    cast(case when c.held_back_rows = 0 then c.computed_mtco2 - c.published_mtco2 end as double) as difference_mtco2,
    cast(
        case when c.held_back_rows = 0 then 100 * (c.computed_mtco2 - c.published_mtco2) / nullif(c.published_mtco2, 0) end as double
    ) as difference_percent,
    cast(c.published_feedstock_share as double) as published_feedstock_share,
    cast(case when c.held_back_rows = 0 then c.as_published_mtco2 end as double) as as_published_mtco2,
    cast(
        case when c.held_back_rows = 0 then 100 * (c.as_published_mtco2 - c.published_mtco2) / nullif(c.published_mtco2, 0) end as double
    ) as as_published_difference_percent,
    cast(c.held_back_rows as bigint) as held_back_rows,
    cast(s.remark_zh as varchar) as remark_zh,
    cast(s.remark_en as varchar) as remark_en,
    cast(c.document as varchar) as document,
    cast(c.is_synthetic as boolean) as is_synthetic
from {{ ref('int_inventory__published_comparison') }} as c
left join {{ ref('inventory_factor_set') }} as s on s.factor_set = c.factor_set
