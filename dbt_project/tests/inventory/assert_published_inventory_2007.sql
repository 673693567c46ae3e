-- T1: Guizhou 2007 with the set ceads_uniform makes 165.669 Mt from fuels, and the fuels whose factor is exact agree with
-- the published totals. Asked only while the balance is the one that comes with the project: a correction may move it.
with own_balance as (
    select count(*) as cells
    from {{ ref('int_inventory__balance_cell') }} as c
    left join {{ ref('stg_registry__batch') }} as b on c.batch_id = b.batch_id and b.is_published
    where c.division_code = '520000' and c.year = 2007
    having count(*) > 0 and count(*) = count(b.batch_id)
),

fuels_total as (
    select 'fuels_total' as fuel, sum(emission_tco2) * 0.000001 as computed_mtco2, 165.669 as expected_mtco2, 0.0005 as tolerance
    from {{ ref('fct_inventory_year') }}
    where division_code = '520000' and year = 2007 and factor_set = 'ceads_uniform' and sector <> 'process'
),

exact_fuel as (
    -- tonnes are rounded to the kilogram in each of at most twelve sectors
    select fuel, computed_mtco2, published_mtco2 as expected_mtco2, 1e-6 * published_mtco2 as tolerance
    from {{ ref('fct_inventory_check_year') }}
    where division_code = '520000' and year = 2007 and factor_set = 'ceads_uniform' and fuel in (
        'gasoline', 'kerosene', 'diesel', 'fuel_oil', 'lpg', 'natural_gas', 'coke_oven_gas', 'other_coking'
    ) and published_mtco2 is not null
)

select t.*
from (
    select fuel, cast(computed_mtco2 as double) as computed_mtco2, expected_mtco2, tolerance from fuels_total
    union all
    select fuel, computed_mtco2, expected_mtco2, tolerance from exact_fuel
) as t
cross join own_balance
where t.computed_mtco2 is null or abs(t.computed_mtco2 - t.expected_mtco2) > t.tolerance
