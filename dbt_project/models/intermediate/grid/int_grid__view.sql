with production as (
    select
        division_code, year, factor_set,
        sum(case when sector <> 'process' then emission_tco2 end) as fuel_tco2,
        sum(case when sector = 'process' then emission_tco2 end) as process_tco2,
        cast(sum(emission_tco2) as decimal(18, 3)) as production_tco2,
        count(case when is_held_back and activity_quantity <> 0 then 1 end) as held_back_rows,
        count(case when is_held_back and activity_quantity <> 0 and sector = 'thermal_power' then 1 end) as held_back_power_rows,
        max(case when is_synthetic then 1 else 0 end) = 1 as is_synthetic
    from {{ ref('int_inventory__leaf_emission') }}
    where has_balance
    group by division_code, year, factor_set
),

-- synthetic exchange never enters the view of a real balance
joined as (
    select
        p.*, x.basis as exchange_basis, x.inflow_mwh, x.outflow_mwh, x.inflow_tier, x.thermal_basis,
        cast(x.inflow_tco2 as decimal(18, 3)) as inflow_tco2,
        x.production_factor as own_factor, x.hold_code as grid_hold_code,
        {{ decimal_of('x.outflow_tco2', 3, 18) }} as outflow_tco2,
        coalesce(x.is_synthetic, false) as exchange_is_synthetic,
        row_number() over (
            partition by p.division_code, p.year, p.factor_set order by case x.basis when 'grid_statistics' then 0 else 1 end
        ) as choice
    from production as p
    left join {{ ref('int_grid__period') }} as x
        on x.grain = 'year' and x.area = p.division_code and year(x.period) = p.year and x.inflow_mwh is not null
        and (p.is_synthetic or not x.is_synthetic)
)

select *,
    case
        when held_back_power_rows > 0 then 'held_back'
        when exchange_basis is null then 'no_exchange'
        when inflow_tco2 is null then 'no_inflow_factor'
        when outflow_tco2 is null and grid_hold_code = 'thermal_out_of_bounds' then 'own_factor_out_of_bounds'
        when outflow_tco2 is null then 'no_own_factor'
    end as hold_code
from joined
where choice = 1
