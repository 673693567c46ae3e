with published as (
    select division_code, cast(year as integer) as year, inventory, item as fuel, emission_mtco2, document
    from {{ ref('int_current__published_check') }}
    where conflict is null and sector = 'Total'
),

-- under the fuel that the published inventory counts it as; what it does not count (LNG) takes part in no comparison
emission as (
    select
        e.division_code, e.year, e.factor_set, e.sector = 'process' as is_process, coalesce(a.counted_as, e.fuel) as fuel,
        e.emission_tco2, e.is_held_back, e.has_balance, e.is_synthetic
    from {{ ref('int_inventory__emission') }} as e
    left join {{ ref('inventory_fuel_as') }} as a on a.factor_set = e.factor_set and a.fuel_code = e.fuel and e.sector <> 'process'
    where a.fuel_code is null or a.counted_as is not null
),

line as (
    select division_code, year, factor_set, case when is_process then 'process' else fuel end as fuel, emission_tco2, is_held_back, is_synthetic
    from emission
    union all
    select division_code, year, factor_set, 'fuels_total', emission_tco2, is_held_back, is_synthetic
    from emission
    where not is_process
    union all
    -- a total only where the process part could be computed too
    select e.division_code, e.year, e.factor_set, 'total', e.emission_tco2, e.is_held_back, e.is_synthetic
    from emission as e
    where e.has_balance and exists (
        select 1 from emission as p where p.is_process and p.division_code = e.division_code and p.year = e.year and p.factor_set = e.factor_set
    )
),

computed as (
    select
        division_code, year, factor_set, fuel,
        sum(emission_tco2) as emission_tco2,
        sum(case when is_held_back then 1 else 0 end) as held_back_rows,
        max(case when is_synthetic then 1 else 0 end) as synthetic
    from line
    group by division_code, year, factor_set, fuel
),

inventory_year as (
    select distinct c.division_code, c.year, c.factor_set, p.inventory
    from computed as c
    inner join published as p on c.division_code = p.division_code and c.year = p.year
),

cell as (
    select y.division_code, y.year, y.factor_set, y.inventory, c.fuel
    from inventory_year as y
    inner join computed as c on y.division_code = c.division_code and y.year = c.year and y.factor_set = c.factor_set
    union
    select y.division_code, y.year, y.factor_set, y.inventory, p.fuel
    from inventory_year as y
    inner join published as p on y.division_code = p.division_code and y.year = p.year and y.inventory = p.inventory
),

-- the share of the division itself, else that of the provinces
share as (
    select c.division_code, c.year, t.factor_set, t.follows_inventory as inventory, coalesce(a.counted_as, c.fuel_code) as fuel,
        case when own.fuel_code is not null then own.share else everywhere.share end as share,
        c.quantity, t.feedstock_share, f.factor_value
    from {{ ref('int_inventory__balance_cell') }} as c
    inner join {{ ref('inventory_factor_set') }} as t on t.follows_inventory is not null
    left join {{ ref('inventory_fuel_as') }} as a on a.factor_set = t.factor_set and a.fuel_code = c.fuel_code
    inner join {{ ref('int_inventory__factor') }} as f
        on f.year = c.year and f.factor_set = t.factor_set and f.fuel_code = c.fuel_code and f.coal_factor_group in ('all', 'industry')
    left join {{ ref('inventory_feedstock_share') }} as own
        on own.inventory = t.follows_inventory and own.division_code = c.division_code and own.fuel_code = c.fuel_code
        and c.year between own.from_year and own.to_year
    left join {{ ref('inventory_feedstock_share') }} as everywhere
        on everywhere.inventory = t.follows_inventory and everywhere.division_code is null and everywhere.fuel_code = c.fuel_code
        and c.division_code like '%0000' and c.year between everywhere.from_year and everywhere.to_year
    where c.item_code = 'industry_feedstock' and c.quantity <> 0
),

-- tonnes that come on top where less is subtracted
subtracted as (
    select division_code, year, factor_set, inventory, fuel, min(share) as share,
        cast(sum({{ tonnes('cast(quantity as double) * (feedstock_share - share) * factor_value') }}) as decimal(18, 3)) as more_tco2
    from share
    group by division_code, year, factor_set, inventory, fuel
    having count(share) = count(*)
)

select
    x.division_code, x.year, x.factor_set, x.inventory, x.fuel,
    -- exact: a decimal sum, moved by six places
    cast(cast(c.emission_tco2 as decimal(29, 9)) * 0.000001 as double) as computed_mtco2,
    p.emission_mtco2 as published_mtco2,
    d.share as published_feedstock_share,
    cast(cast(c.emission_tco2 + d.more_tco2 as decimal(29, 9)) * 0.000001 as double) as as_published_mtco2,
    p.document,
    coalesce(c.held_back_rows, 0) as held_back_rows,
    coalesce(c.synthetic, 0) = 1 as is_synthetic
from cell as x
left join computed as c
    on x.division_code = c.division_code and x.year = c.year and x.factor_set = c.factor_set and x.fuel = c.fuel
left join published as p
    on x.division_code = p.division_code and x.year = p.year and x.inventory = p.inventory and x.fuel = p.fuel
left join subtracted as d
    on x.division_code = d.division_code and x.year = d.year and x.factor_set = d.factor_set and x.inventory = d.inventory and x.fuel = d.fuel
