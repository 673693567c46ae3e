with thermal_row as (
    select
        'energy_balance' as basis, division_code as area, 'year' as grain, make_date(year, 1, 1) as period, batch_id, row_no
    from {{ ref('int_inventory__balance_cell') }}
    where item_code = 'thermal_power' and fuel_code = 'electricity'
    union all
    select
        'grid_statistics', g.division_code, k.grain,
        case k.grain when 'month' then g.period else make_date(cast(year(g.period) as integer), 1, 1) end,
        max_by(g.batch_id, g.period order by g.batch_id, g.row_no), max_by(g.row_no, g.period order by g.batch_id, g.row_no)
    from {{ ref('int_current__grid_generation') }} as g
    inner join (select 'month' as grain union all select 'year') as k on k.grain = 'year' or g.period_grain = 'month'
    where {{ counts('g') }} and g.power_source = '火电' and g.period_grain in ('month', 'year')
    group by g.division_code, k.grain, case k.grain when 'month' then g.period else make_date(cast(year(g.period) as integer), 1, 1) end
),

figure as (
    select
        p.*, r.batch_id, r.row_no, o.zh as boundary_zh, o.en as boundary_en,
        coalesce(p.set_aside_basis, p.thermal_basis) as judged_basis, coalesce(p.set_aside_factor, p.thermal_factor) as judged_factor,
        coalesce(p.consumption_factor, p.production_factor) as own_factor,
        case p.basis when 'energy_balance' then 'energy_balance' else 'grid_generation' end as source,
        max(case when p.grain = 'year' then 1 else 0 end) over (partition by p.basis, p.area, year(p.period)) = 1 as has_year
    from {{ ref('int_grid__period') }} as p
    inner join thermal_row as r on r.basis = p.basis and r.area = p.area and r.grain = p.grain and r.period = p.period
    inner join {{ ref('grid_boundary') }} as o on o.subject = p.basis
    where p.grain in ('month', 'year')
)

select
    'Q14-grid-thermal-bounds' as check_id, source, area as division_code, '火电因子' as indicator, basis || ':' || judged_basis as item, period,
    grain as period_grain, thermal_low as expected, judged_factor as found, 'tCO2/MWh' as unit, batch_id, row_no, is_synthetic,
    cast(year(period) as varchar) || case grain when 'month' then '-' || lpad(cast(month(period) as varchar), 2, '0') else '' end || '（' || judged_basis || '，'
        || {{ shown('thermal_low', 2) }} || '—' || {{ shown('thermal_high', 2) }} || '）' || case when set_aside_basis is null then '，因子不给出' else '，改用 ' || thermal_basis || ' 的 ' || {{ shown('thermal_factor', 4) }} end as what_zh,
    cast(year(period) as varchar) || case grain when 'month' then '-' || lpad(cast(month(period) as varchar), 2, '0') else '' end || ' (' || judged_basis || ', '
        || {{ shown('thermal_low', 2) }} || ' to ' || {{ shown('thermal_high', 2) }} || ')' || case when set_aside_basis is null then ', no factor is given' else ', ' || thermal_basis || ' with ' || {{ shown('thermal_factor', 4) }} || ' stands in' end as what_en
from figure
where (set_aside_basis is not null or hold_code = 'thermal_out_of_bounds') and (grain = 'year' or not has_year)
union all
select
    'Q15-grid-published-factor', source, area, '电网平均因子', basis, period, grain, same_year_factor, own_factor, 'tCO2/MWh', batch_id, row_no, is_synthetic,
    cast(year(period) as varchar) || ' 年（' || boundary_zh || '；公布值' || case same_year_status when 'confirmed' then '已确认' else '未经证实' end || '）',
    cast(year(period) as varchar) || ' (' || boundary_en || '; the published one is ' || same_year_status || ')'
from figure
where grain = 'year' and own_factor is not null and abs(own_factor - same_year_factor) > {{ rule_limit('Q15-grid-published-factor') }} * same_year_factor
