with output as (
    select o.uscc, o.slice_year, o.period, o.period_grain, o.item, o.batch_id, o.row_no,
        o.quantity * coalesce(u.factor, 1.0) as quantity
    from ({{ counting('int_current__output') }}) as o
    left join {{ ref('unit') }} as u
        on u.unit_key = lower(replace(o.reported_unit, ' ', '')) and u.dimension in ('mass', 'electricity')
    where o.item in (select product_item from {{ ref('product_intensity') }}) and o.quantity > 0.0 and (o.period_grain = 'year' or o.months_covered = 1)
),

made as (
    select uscc, slice_year, period, period_grain, item, {{ exact_sum('quantity') }} as quantity from output
    group by uscc, slice_year, period, period_grain, item
),

row_of as (
    select *, row_number() over (partition by uscc, slice_year, item order by period desc, batch_id, row_no) as place from output
),

account as (
    select uscc, period, period_grain,
        cast(fuel_tco2e + process_tco2e + product_deduction_tco2e + co2_recovered_tco2e as double) as direct,
        cast(process_tco2e as double) as process, cast(purchased_heat_tco2e as double) as heat
    from {{ ref('int_account__period') }}
    where held_back_lines = 0
),

line as (
    select uscc, period, period_grain,
        {{ exact_sum("case when emission_source in ('fuel', 'biomass_memo') then energy_tce end") }} * 1000.0 as fuel_kgce,
        -- 0.67 kg CH4/m3 at 20 C (guideline 12)
        {{ exact_sum("case when gas = 'CH4' and emission_source in ('process', 'co2_recovered') then gas_t end") }} / 0.67e-3 as ch4_m3
    from {{ ref('int_ledger__line') }}
    group by uscc, period, period_grain
),

power as (
    select uscc, period, period_grain,
        {{ exact_sum("case when direction in ('购入', '自发自用') then quantity when origin = '电网' then -quantity else 0.0 end") }} as mwh
    from ({{ counting('int_current__power_heat') }}) as h
    where carrier = '电力'
    group by uscc, period, period_grain
),

fuels as (
    select uscc, slice_year,
        max(case when fuel_group = 'coke' then 1 else 0 end) as coke, max(case when fuel_group = 'coal' then 1 else 0 end) as coal
    from ({{ counting('int_current__energy') }}) as e
    where consumed > 0.0
    group by uscc, slice_year
),

substituted as (
    select distinct uscc, slice_year from {{ ref('int_current__process') }} where item like 'nc_%' and quantity > 0.0
),

joined as (
    select m.uscc, m.slice_year, m.period, m.period_grain, m.item, m.quantity, i.measure, i.route,
        case i.measure
            when 'direct' then a.direct
            when 'direct_and_heat' then a.direct + a.heat
            when 'process_without_substitutes' then case when s.uscc is null then a.process end
            when 'fuel_kgce' then l.fuel_kgce
            when 'power_kwh' then p.mwh * 1000.0
            when 'power_mwh' then p.mwh
            when 'ch4_m3' then l.ch4_m3
        end as amount
    from made as m
    inner join {{ ref('product_intensity') }} as i on i.product_item = m.item
    inner join account as a on a.uscc = m.uscc and a.period = m.period and a.period_grain = m.period_grain
    left join line as l on l.uscc = m.uscc and l.period = m.period and l.period_grain = m.period_grain
    left join power as p on p.uscc = m.uscc and p.period = m.period and p.period_grain = m.period_grain
    left join fuels as f on f.uscc = m.uscc and f.slice_year = m.slice_year
    left join substituted as s on s.uscc = m.uscc and s.slice_year = m.slice_year
    where i.route = '' or i.route is null
        or (i.route = 'with_coke' and f.coke = 1) or (i.route = 'without_coke' and coalesce(f.coke, 0) = 0)
        or (i.route = 'with_coal' and f.coal = 1)
),

summed as (
    select uscc, slice_year, item, measure, coalesce(route, '') as route, count(*) as periods, {{ exact_sum('amount') }} as amount, {{ exact_sum('quantity') }} as quantity
    from joined
    where amount is not null
    group by uscc, slice_year, item, measure, route
)

select
    'enterprise_output' as source, s.uscc, s.slice_year, s.item, s.measure, s.route, s.periods, s.amount, s.quantity, s.amount / s.quantity as intensity,
    i.lower_limit, i.upper_limit, i.unit, i.name_zh, i.name_en, r.period, r.batch_id, r.row_no
from summed as s
inner join {{ ref('product_intensity') }} as i on i.product_item = s.item and i.measure = s.measure and coalesce(i.route, '') = s.route
inner join row_of as r on r.uscc = s.uscc and r.slice_year = s.slice_year and r.item = s.item and r.place = 1
