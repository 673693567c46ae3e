with size as (
    select c.division_code, c.year, c.fuel_code, max(abs(c.quantity)) as quantity, max_by(c.batch_id, abs(c.quantity) order by c.batch_id, c.row_no) as batch_id,
        max_by(c.row_no, abs(c.quantity) order by c.batch_id, c.row_no) as row_no, bool_or(c.is_synthetic) as is_synthetic
    from {{ ref('int_inventory__balance_cell') }} as c
    group by c.division_code, c.year, c.fuel_code
),

before as (
    select t.*, b.year as before_year, b.quantity as before_quantity, f.name_zh, f.canonical_unit, f.factor_to_canonical,
        row_number() over (partition by t.division_code, t.year, t.fuel_code order by b.year desc) as choice
    from size as t
    inner join size as b on b.division_code = t.division_code and b.fuel_code = t.fuel_code and b.year between t.year - 3 and t.year - 1
    inner join {{ ref('balance_fuel') }} as f on f.fuel_code = t.fuel_code
),

-- the row that the whole balance is told on: its largest coal, else its largest cell
place as (
    select division_code, year, batch_id, row_no, is_synthetic,
        row_number() over (partition by division_code, year order by fuel_code <> 'raw_coal', fuel_code) as choice
    from size
),

total as (
    select division_code, year, computed_mtco2, reference_mtco2, reference_year,
        row_number() over (partition by division_code, year order by factor_set, inventory) as choice
    from {{ ref('int_inventory__trend') }}
    where fuel = 'fuels_total' and computed_mtco2 is not null and reference_mtco2 > 0.0
),

-- the coefficient of GB/T 2589, else the calorific value of the official defaults
coefficient as (
    select item, coalesce(
            max(case when kind = 'tce' then case unit when 'kgce/kg' then value when 'kgce/m3' then value * 10.0 end end),
            max(case when kind = 'ncv' then value end) / 29.3076
        ) as tce_per_unit
    from {{ ref('int_factor__current') }}
    where not is_unconfirmed and (kind = 'tce' or (kind = 'ncv' and method_version = 'ndrc-2015'))
    group by item
    union all
    select 'other_energy', 1.0
),

thermal as (
    select c.division_code, c.year,
        {{ exact_sum("case when c.fuel_code = 'electricity' then cast(c.quantity as double) end") }} as mwh,
        {{ exact_sum("case when c.fuel_code not in ('electricity', 'heat') and not f.is_total then cast(abs(c.quantity) as double) * coalesce(k.tce_per_unit, 0.0) end") }} as tce,
        count(case when c.fuel_code not in ('electricity', 'heat') and not f.is_total and c.quantity <> 0 and k.tce_per_unit is null then 1 end) as unknown_fuels
    from {{ ref('int_inventory__balance_cell') }} as c
    inner join {{ ref('balance_fuel') }} as f on f.fuel_code = c.fuel_code
    left join coefficient as k on k.item = c.fuel_code
    where c.item_code = 'thermal_power'
    group by c.division_code, c.year
),

thermal_row as (
    select division_code, year, batch_id, row_no, is_synthetic
    from {{ ref('int_inventory__balance_cell') }}
    where item_code = 'thermal_power' and fuel_code = 'electricity'
),

grid as (
    select area, cast(year(period) as integer) as year, {{ exact_sum('cast(mwh as double)') }} as mwh
    from {{ ref('int_grid__fact') }}
    where basis = 'grid_statistics' and grain = 'year' and flow = 'generation' and partner = '火电'
    group by area, year(period)
)

select 'Q10-balance-year-before' as check_id, division_code, year, name_zh as indicator, cast(before_quantity as double) as expected,
    cast(quantity as double) as found, canonical_unit as unit, batch_id, row_no, is_synthetic,
    name_zh || '（' || canonical_unit || '，' || before_year || ' 年）' as what_zh, replace(fuel_code, '_', ' ') || ' (' || canonical_unit || ', ' || before_year || ')' as what_en
from before
where choice = 1 and greatest(quantity, before_quantity) >= {{ rule_limit('Q10-balance-year-before', 'least_count') }} * factor_to_canonical
    and greatest(quantity, before_quantity) > {{ rule_limit('Q10-balance-year-before') }} * least(quantity, before_quantity)
union all
select 'Q11-balance-published-total', t.division_code, t.year, '', t.reference_mtco2, t.computed_mtco2, 'Mt CO2', p.batch_id, p.row_no, p.is_synthetic,
    cast(t.reference_year as varchar), cast(t.reference_year as varchar)
from total as t
inner join place as p on p.division_code = t.division_code and p.year = t.year and p.choice = 1
where t.choice = 1 and (t.computed_mtco2 > {{ rule_limit('Q11-balance-published-total') }} * t.reference_mtco2
    or t.computed_mtco2 < {{ rule_limit('Q11-balance-published-total', 'lower_limit') }} * t.reference_mtco2)
union all
select 'Q12-balance-thermal-power', t.division_code, t.year, '', t.mwh, 1e3 * t.tce / t.mwh, 'gce/kWh', r.batch_id, r.row_no, r.is_synthetic,
    cast(cast(round(t.tce) as bigint) as varchar), cast(cast(round(t.tce) as bigint) as varchar)
from thermal as t
inner join thermal_row as r on r.division_code = t.division_code and r.year = t.year
where t.mwh > 0.0 and t.tce is not null
    and ((t.unknown_fuels = 0 and 1e3 * t.tce / t.mwh < {{ rule_limit('Q12-balance-thermal-power', 'lower_limit') }}) or 1e3 * t.tce / t.mwh > {{ rule_limit('Q12-balance-thermal-power') }})
union all
select 'Q13-balance-grid', t.division_code, t.year, '', g.mwh, t.mwh, 'MWh', r.batch_id, r.row_no, r.is_synthetic, '', ''
from thermal as t
inner join thermal_row as r on r.division_code = t.division_code and r.year = t.year
inner join grid as g on g.area = t.division_code and g.year = t.year
where t.mwh > 0.0 and g.mwh > 0.0 and greatest(t.mwh, g.mwh) > {{ rule_limit('Q13-balance-grid') }} * least(t.mwh, g.mwh)
