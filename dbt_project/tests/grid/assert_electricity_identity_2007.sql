-- Guizhou 2007, 1e8 kWh: 261.57 + 830.84 + 0.10 - 378.42 = 669.09 + 45.00, in the balance check and in the grid table alike.
-- Asked only while the balance is the one that comes with the project: a correction may move it.
with own_balance as (
    select count(*) as cells
    from {{ ref('int_inventory__balance_cell') }} as c
    left join {{ ref('stg_registry__batch') }} as b on c.batch_id = b.batch_id and b.is_published
    where c.division_code = '520000' and c.year = 2007
    having count(*) > 0 and count(*) = count(b.batch_id)
),

expected as (
    select 261.57 + 830.84 + 0.1006 - 378.42 as supply, 669.09 + 45.00 as used, 261.57 + 830.84 as generation, 0.1006 as inflow, 378.42 as outflow, 45.00 as loss
),

found as (
    select
        (select supply_mwh from {{ ref('fct_grid_factor_year') }} where area = '520000' and year(period) = 2007 and basis = 'energy_balance') / 100000 as supply,
        (select left_quantity from {{ ref('fct_balance_check') }} where division_code = '520000' and year = 2007 and identity = 'grid') / 100000 as used,
        (select generation_mwh from {{ ref('fct_grid_factor_year') }} where area = '520000' and year(period) = 2007 and basis = 'energy_balance') / 100000 as generation,
        (select inflow_mwh from {{ ref('fct_grid_factor_year') }} where area = '520000' and year(period) = 2007 and basis = 'energy_balance') / 100000 as inflow,
        (select outflow_mwh from {{ ref('fct_grid_factor_year') }} where area = '520000' and year(period) = 2007 and basis = 'energy_balance') / 100000 as outflow,
        (select reported_loss_mwh from {{ ref('fct_grid_factor_year') }} where area = '520000' and year(period) = 2007 and basis = 'energy_balance') / 100000 as loss,
        (select loss_mwh from {{ ref('fct_grid_factor_year') }} where area = '520000' and year(period) = 2007 and basis = 'energy_balance') / 100000 as residual
)

select f.*
from found as f
cross join expected as e
cross join own_balance
where f.supply is null or f.used is null
    or abs(f.supply - e.supply) > 1e-6 or abs(f.used - e.used) > 1e-6 or abs(f.generation - e.generation) > 1e-6
    or abs(f.inflow - e.inflow) > 1e-6 or abs(f.outflow - e.outflow) > 1e-6 or abs(f.loss - e.loss) > 1e-6
    -- both sides agree within the rounding of the printed figures; the loss by residual is the printed loss
    or abs(f.supply - f.used) > 0.005 * 6 or abs(f.residual - f.loss) > 0.005 * 6
