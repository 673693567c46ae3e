{{ config(materialized='table') }}
with scope as (
    select * from {{ ref('int_reconciliation__balance') }}
),

sector as (
    select s.division_code, s.year, e.sector, e.fuel, e.emission_tco2
    from {{ ref('int_inventory__emission') }} as e
    inner join scope as s on s.division_code = e.division_code and s.year = e.year
    where e.factor_set = {{ bridge_setting('factor_set') }} and e.emission_tco2 is not null
),

-- lines of each scope: all for the province, its own for a prefecture
line as (
    select s.division_code, l.*
    from {{ ref('int_reconciliation__line') }} as l
    inner join scope as s on s.year = l.year and s.is_synthetic = l.is_synthetic and (s.level = 'province' or s.division_code = l.prefecture)
),

motor as (
    select a.division_code, a.year, a.balance_fuel, a.set_tco2e - coalesce(t.tco2e, 0) as beyond
    from (
        select division_code, year, balance_fuel, sum(set_tco2e) as set_tco2e
        from line
        where part = 'industrial_fuel' and is_motor_fuel and not is_held
        group by division_code, year, balance_fuel
    ) as a
    left join (
        select division_code, year, fuel, sum(emission_tco2) as tco2e
        from sector
        where sector <> 'process' and sector not in {{ non_industrial_sectors() }}
        group by division_code, year, fuel
    ) as t on t.division_code = a.division_code and t.year = a.year and t.fuel = a.balance_fuel
),

-- by-product gas that the accounts sold and nobody in the register bought: networks of such gas are local
gas as (
    select s.division_code, s.year, r.balance_fuel,
        sum({{ decimal_of('coalesce(e.sold, 0)', 6) }}) - sum({{ decimal_of('coalesce(e.purchased, 0)', 6) }}) as quantity
    from ({{ counting('int_current__energy') }}) as e
    inner join {{ ref('byproduct_gas') }} as g on g.fuel_code = e.fuel_code
    inner join {{ ref('reconciliation_fuel') }} as r on r.fuel_code = e.fuel_code
    inner join {{ ref('int_ledger__boundary') }} as b on b.uscc = e.uscc and b.period = e.period and b.period_grain = e.period_grain
    left join {{ ref('int_current__division_tree') }} as d on d.code = b.division_code
    inner join scope as s
        on s.year = e.slice_year and s.is_synthetic = e.is_synthetic and (s.level = 'province' or s.division_code = d.prefecture_code)
    group by s.division_code, s.year, r.balance_fuel
)

select division_code, year, 'non_industrial' as cause, sector as key_part, sum(emission_tco2) as tco2e
from sector
where sector in {{ non_industrial_sectors() }}
group by division_code, year, sector
union all
select division_code, year, 'process_outside', 'process', sum(emission_tco2)
from sector
where sector = 'process'
group by division_code, year
union all
select division_code, year, 'mobile_fuel', 'mobile', -sum(beyond)
from motor
where beyond > 0
group by division_code, year
union all
select g.division_code, g.year, 'below_threshold', 'local_gas', sum({{ tonnes('cast(g.quantity as double) * f.factor_value') }})
from gas as g
inner join {{ ref('int_inventory__factor') }} as f
    on f.year = g.year and f.fuel_code = g.balance_fuel and f.factor_set = {{ bridge_setting('factor_set') }}
    and f.coal_factor_group in ('all', 'industry')
where g.quantity > 0
group by g.division_code, g.year
