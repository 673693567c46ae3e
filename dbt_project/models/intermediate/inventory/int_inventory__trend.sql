with published as (
    select
        division_code, inventory, item as fuel, cast(year as integer) as year, emission_mtco2 as published_mtco2, document,
        lag(emission_mtco2) over (partition by division_code, inventory, item order by year) as before_mtco2,
        lag(cast(year as integer)) over (partition by division_code, inventory, item order by year) as before_year
    from {{ ref('int_current__published_check') }}
    where conflict is null and sector = 'Total' and item in ('fuels_total', 'total')
),

change as (
    select *,
        case when before_year = year - 1 then 100.0 * (published_mtco2 / nullif(before_mtco2, 0.0) - 1.0) end as change_percent
    from published
),

span as (
    select division_code, inventory, fuel, min(change_percent) as low_percent, max(change_percent) as high_percent, count(change_percent) as changes
    from change
    group by division_code, inventory, fuel
),

compared_set as (
    select factor_set from {{ ref('inventory_factor_set') }} where follows_inventory is not null
),

computed as (
    select
        e.division_code, e.year, e.factor_set, 'fuels_total' as fuel,
        sum(case when e.sector <> 'process' then e.emission_tco2 end) as tco2,
        count(case when e.is_held_back and e.activity_quantity <> 0 and e.sector <> 'process' then 1 end) as held_back_rows,
        max(case when e.is_synthetic then 1 else 0 end) as synthetic
    from {{ ref('int_inventory__emission') }} as e
    inner join compared_set as s on s.factor_set = e.factor_set
    where e.has_balance
    group by e.division_code, e.year, e.factor_set
    union all
    -- a total only where the process part could be computed too
    select
        e.division_code, e.year, e.factor_set, 'total', sum(e.emission_tco2),
        count(case when e.is_held_back and e.activity_quantity <> 0 then 1 end), max(case when e.is_synthetic then 1 else 0 end)
    from {{ ref('int_inventory__emission') }} as e
    inner join compared_set as s on s.factor_set = e.factor_set
    where e.has_balance
    group by e.division_code, e.year, e.factor_set
    having count(case when e.sector = 'process' and not e.is_held_back then 1 end) > 0
),

cell as (
    select p.division_code, p.inventory, s.factor_set, p.fuel, p.year
    from published as p
    cross join compared_set as s
    union
    select c.division_code, p.inventory, c.factor_set, c.fuel, c.year
    from computed as c
    inner join (select distinct division_code, inventory, fuel from published) as p on p.division_code = c.division_code and p.fuel = c.fuel
),

-- the nearest published year, the earlier of two as near
nearest as (
    select
        x.*, n.year as reference_year, n.published_mtco2 as reference_mtco2,
        row_number() over (
            partition by x.division_code, x.inventory, x.factor_set, x.fuel, x.year order by abs(n.year - x.year), n.year
        ) as choice
    from cell as x
    inner join published as n on n.division_code = x.division_code and n.inventory = x.inventory and n.fuel = x.fuel
),

joined as (
    select
        n.division_code, n.inventory, n.factor_set, n.fuel, n.year, n.reference_year, n.reference_mtco2,
        cast(cast(c.tco2 as decimal(29, 9)) * 0.000001 as double) as computed_mtco2, p.published_mtco2, p.change_percent, p.document,
        coalesce(c.held_back_rows, 0) as held_back_rows, s.low_percent, s.high_percent, s.changes, coalesce(c.synthetic, 0) = 1 as is_synthetic
    from nearest as n
    left join computed as c
        on c.division_code = n.division_code and c.year = n.year and c.factor_set = n.factor_set and c.fuel = n.fuel
    left join change as p
        on p.division_code = n.division_code and p.inventory = n.inventory and p.fuel = n.fuel and p.year = n.year
    left join span as s on s.division_code = n.division_code and s.inventory = n.inventory and s.fuel = n.fuel
    where n.choice = 1
),

rated as (
    select *,
        100.0 * (computed_mtco2 / nullif(published_mtco2, 0.0) - 1.0) as difference_percent,
        case when published_mtco2 is null and computed_mtco2 > 0.0 and reference_mtco2 > 0.0 then
            100.0 * (case when year > reference_year then pow(computed_mtco2 / reference_mtco2, 1.0 / (year - reference_year))
                else pow(reference_mtco2 / computed_mtco2, 1.0 / (reference_year - year)) end - 1.0)
        end as yearly_change_percent
    from joined
)

select *,
    case
        when computed_mtco2 is null then 'published_only'
        when published_mtco2 is not null and abs(difference_percent) <= 5.0 then 'agrees'
        when published_mtco2 is not null then 'differs'
        when yearly_change_percent is null or changes < 3 then 'not_judged'
        when yearly_change_percent between low_percent and high_percent then 'plausible'
        else 'implausible'
    end as verdict
from rated
