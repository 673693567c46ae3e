-- The cells of each balance that enter an inventory or a check: not in conflict, and of one label: where a real balance
-- is known for a division and year, synthetic cells stay out. Decimals, so that no sum depends on its order.
with cell as (
    select *,
        min(case when is_synthetic then 1 else 0 end) over (partition by division_code, year) = 0 as has_real
    from {{ ref('int_energy_balance__current') }}
    where conflict is null
)

select
    division_code,
    cast(year as integer) as year,
    item_code,
    fuel_code,
    {{ decimal_of('quantity', 6) }} as quantity,
    unit,
    is_synthetic,
    batch_id,
    row_no
from cell
where not (has_real and is_synthetic)
