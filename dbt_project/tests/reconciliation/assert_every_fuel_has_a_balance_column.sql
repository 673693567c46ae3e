-- A fuel that burns has a column of the energy balance, and that column exists: else its tonnes would fall to the factor set unseen.
select f.fuel_code, r.balance_fuel
from {{ ref('fuel') }} as f
left join {{ ref('reconciliation_fuel') }} as r on r.fuel_code = f.fuel_code
left join {{ ref('balance_fuel') }} as b on b.fuel_code = r.balance_fuel
where f.treatment in ('combustion', 'biomass') and b.fuel_code is null
