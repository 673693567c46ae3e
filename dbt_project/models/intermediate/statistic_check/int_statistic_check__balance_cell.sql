with negative as (
    select c.division_code, c.year, c.fuel_code, c.item_code as item, i.item_zh, i.item_en, c.quantity, 0 as expected, c.batch_id, c.row_no, c.is_synthetic
    from {{ ref('int_inventory__balance_cell') }} as c
    inner join {{ ref('balance_item') }} as i on i.item_code = c.item_code and i.is_never_negative
    where c.quantity < 0
    union all
    select
        c.division_code, c.year, c.fuel_code, 'industry_less_feedstock', '工业减用作原料、材料', 'Industry less feedstock', coalesce(t.quantity, 0) - c.quantity, 0,
        c.batch_id, c.row_no, c.is_synthetic
    from {{ ref('int_inventory__balance_cell') }} as c
    inner join {{ ref('balance_fuel') }} as f on f.fuel_code = c.fuel_code and f.is_burned
    left join {{ ref('int_inventory__balance_cell') }} as t
        on t.division_code = c.division_code and t.year = c.year and t.fuel_code = c.fuel_code and t.item_code = 'industry'
    where c.item_code = 'industry_feedstock' and coalesce(t.quantity, 0) - c.quantity < 0
),

standard as (
    select
        e.division_code, cast(e.year as integer) as year, f.fuel_code, f.name_zh, e.is_synthetic, count(*) as cells,
        count(case when c.fuel_code is null then 1 end) as held, sum({{ decimal_of('e.quantity', 6) }}) as tce,
        min(e.batch_id) as batch_id, min(e.row_no) as row_no
    from {{ ref('int_current__energy_balance') }} as e
    inner join {{ ref('balance_fuel') }} as f on f.fuel_code = e.fuel_code and f.canonical_unit <> e.unit
    left join {{ ref('int_inventory__balance_cell') }} as c
        on c.division_code = e.division_code and c.year = e.year and c.item_code = e.item_code and c.fuel_code = e.fuel_code and c.is_synthetic = e.is_synthetic
    where e.conflict is null
    group by e.division_code, e.year, f.fuel_code, f.name_zh, e.is_synthetic
)

select
    'Q16-balance-negative' as check_id, n.division_code, n.year, f.name_zh as indicator, n.item, n.expected, n.quantity as found, f.canonical_unit as unit, n.batch_id,
    n.row_no, n.is_synthetic, '“' || n.item_zh || '”的' || f.name_zh || '，' || f.canonical_unit as what_zh,
    n.item_en || ', ' || replace(n.fuel_code, '_', ' ') || ', ' || f.canonical_unit as what_en
from negative as n
inner join {{ ref('balance_fuel') }} as f on f.fuel_code = n.fuel_code
union all
select
    'Q17-balance-standard-quantity', division_code, year, name_zh, '', null, cells, '1', batch_id, row_no, is_synthetic,
    name_zh || case when held > 0 then '没有该年已确认的折标系数，未计入' else '按该年折标系数折回实物量' end,
    replace(fuel_code, '_', ' ') || case when held > 0 then ', which has no confirmed coefficient of the year and is left out' else ', converted back by the coefficient of the year' end
from standard
