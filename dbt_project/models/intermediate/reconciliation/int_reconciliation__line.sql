{{ config(materialized='table') }}
with factor as (
    select f.year, f.fuel_code, f.factor_value, b.canonical_unit
    from {{ ref('int_inventory__factor') }} as f
    inner join {{ ref('balance_fuel') }} as b on b.fuel_code = f.fuel_code
    where f.factor_set = {{ bridge_setting('factor_set') }} and f.coal_factor_group in ('all', 'industry')
),

-- columns that only later forms of the balance have, of the years whose balance has them
later_column as (
    select distinct year, fuel_code
    from {{ ref('int_inventory__balance_cell') }}
    where division_code = {{ night('home_province') }}
),

line as (
    select
        l.*, left(l.industry_code, 2) as industry, coalesce(d.prefecture_code, 'unallocated') as prefecture,
        coalesce(f.field, 'unknown') as field, coalesce(f.section, 'unknown') as section,
        coalesce(c.fuel_code, r.balance_fuel) as balance_fuel, coalesce(r.is_motor_fuel, false) as is_motor_fuel, i.cause as item_cause
    from {{ ref('int_ledger__line') }} as l
    left join {{ ref('int_current__division_tree') }} as d on d.code = l.division_code and d.prefecture_code is not null and d.level <> 'province'
    left join {{ ref('field_of_division') }} as f on f.industry_division = left(l.industry_code, 2)
    left join {{ ref('fuel') }} as u on u.energy = l.item and l.emission_source = 'fuel'
    left join {{ ref('reconciliation_fuel') }} as r on r.fuel_code = u.fuel_code
    left join later_column as c on c.year = l.slice_year and c.fuel_code = r.later_column
    left join {{ ref('reconciliation_item') }} as i on i.param_code = l.item and l.emission_source = 'process'
    where {{ is_direct('l') }} and l.division_code is not null
),

valued as (
    select
        l.*,
        case
            when l.gas <> 'CO2' then 'gas_scope'
            when l.emission_source in ('product_deduction', 'co2_recovered') then 'product_carbon'
            when l.emission_source = 'process' then coalesce(l.item_cause, 'process_outside')
            when l.balance_fuel = 'other_energy' then 'waste_biomass'
            when l.field in {{ industrial_fields() }} then 'industrial_fuel'
            else 'non_industrial'
        end as part,
        case when l.emission_source = 'fuel' and f.canonical_unit = l.activity_unit
            then {{ tonnes('l.activity_quantity * f.factor_value') }} end as set_tco2e
    from line as l
    left join factor as f on f.year = l.slice_year and f.fuel_code = l.balance_fuel
)

select
    uscc, slice_year as year, is_synthetic, period, period_grain, prefecture, industry, section, field, part, balance_fuel, is_motor_fuel,
    hold is not null as is_held, count(*) as lines, count(case when set_tco2e is null then 1 end) as lines_without_factor,
    coalesce(sum(emission_common_tco2e), 0) as account_tco2e, sum(set_tco2e) as set_tco2e
from valued
group by uscc, slice_year, is_synthetic, period, period_grain, prefecture, industry, section, field, part, balance_fuel, is_motor_fuel, hold is not null
