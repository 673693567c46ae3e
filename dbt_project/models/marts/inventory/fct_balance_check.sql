select
    cast(i.division_code as varchar) as division_code,
    cast(i.year as integer) as year,
    cast(i.fuel_code as varchar) as fuel,
    cast(i.identity as varchar) as identity,
    cast(i.item_code as varchar) as item,
    cast(i.left_quantity as double) as left_quantity,
    cast(i.right_quantity as double) as right_quantity,
    cast(i.left_quantity - i.right_quantity as double) as gap,
    cast(0.005 * i.figures * f.factor_to_canonical as double) as tolerance,
    cast(f.canonical_unit as varchar) as unit,
    cast(
        cast(abs(i.left_quantity - i.right_quantity) as double) <= 0.005 * i.figures * f.factor_to_canonical as boolean
    ) as is_within,
    cast(i.is_synthetic as boolean) as is_synthetic
from {{ ref('int_inventory__balance_identity') }} as i
inner join {{ ref('balance_fuel') }} as f on i.fuel_code = f.fuel_code
