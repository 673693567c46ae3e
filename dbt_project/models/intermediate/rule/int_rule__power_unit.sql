with emission as (
    {{ with_body(ref('int_carbon_market__power_unit_emission')) }}
),

unit_month as (
    select u.*, 'power_unit_month' as source, a.benchmark, a.benchmark_mwh,
        cast(u.main_fuel_tco2e as double) * (1.0 - coalesce(u.heat_ratio, 0.0)) as power_tco2e,
        cast(u.main_fuel_tco2e as double) / nullif(u.generation_mwh, 0.0) as intensity
    from emission as u
    inner join {{ ref('int_carbon_market__power_unit_allowance') }} as a on a.uscc = u.uscc and a.unit_code = u.unit_code and a.period = u.period
),

downgraded as (
    select t.source, t.uscc, t.period, t.batch_id, t.row_no, max(b.slice_year) as before_year
    from unit_month as t
    inner join unit_month as b
        on b.series_uscc = t.series_uscc and b.unit_code = t.unit_code and b.slice_year < t.slice_year and b.carbon_tc_per_unit is not null
    where t.carbon_tc_per_unit is null and t.fuel_quantity > 0.0
    group by t.source, t.uscc, t.period, t.batch_id, t.row_no
),

unit_year as (
    select *,
        row_number() over (partition by uscc, unit_code, slice_year order by period desc) as place,
        {{ exact_sum('power_tco2e', over='partition by uscc, unit_code, slice_year') }}
            / nullif({{ exact_sum('benchmark_mwh', over='partition by uscc, unit_code, slice_year') }}, 0.0) / nullif(benchmark, 0.0) as ratio
    from unit_month
    where power_tco2e is not null and benchmark_mwh is not null and benchmark is not null
),

plant as (
    select source, uscc, period, min(batch_id) as batch_id, min(row_no) as row_no,
        {{ exact_sum("case when fuel_group = 'coal' then fuel_quantity end") }} as coal_t,
        {{ exact_sum('generation_mwh') }} as generation_mwh, {{ exact_sum('purchased_mwh') }} as purchased_mwh
    from unit_month
    group by source, uscc, period
),

other as (
    select uscc, period, 'coal' as fact, {{ exact_sum('consumed') }} as quantity
    from ({{ counting('int_current__energy') }}) as e
    where fuel_group = 'coal' and period_grain = 'month'
    group by uscc, period
    union all
    select o.uscc, o.period, 'generation', {{ exact_sum('o.quantity * u.factor') }}
    from ({{ counting('int_current__output') }}) as o
    inner join {{ ref('unit') }} as u on u.unit_key = lower(replace(o.reported_unit, ' ', '')) and u.dimension = 'electricity'
    where o.item = '发电量' and o.period_grain = 'month' and o.months_covered = 1
    group by o.uscc, o.period
    union all
    select uscc, period, 'purchased', {{ exact_sum('quantity') }}
    from ({{ counting('int_current__power_heat') }}) as h
    where carrier = '电力' and direction = '购入' and period_grain = 'month'
    group by uscc, period
),

-- the same month of the year before: of the enterprise itself before that of the one that it follows
mode_pair as (
    select t.*, b.intensity as before_intensity, b.carbon_basis as before_basis,
        row_number() over (partition by t.batch_id, t.row_no order by case when b.uscc = t.uscc then 0 else 1 end, b.batch_id, b.row_no) as choice
    from unit_month as t
    inner join unit_month as b
        on b.series_uscc = t.series_uscc and b.unit_code = t.unit_code and {{ month_index('b.period') }} = {{ month_index('t.period') }} - 12
),

compared as (
    select p.*, o.fact, o.quantity as other_quantity,
        case o.fact when 'coal' then p.coal_t when 'generation' then p.generation_mwh else p.purchased_mwh end as own_quantity
    from plant as p
    inner join other as o on o.uscc = p.uscc and o.period = p.period
)

select {{ rule_finding('R04-parameter-downgrade', 'd', 'carbon_tc_per_t', 'null', 'd.before_year', "'收到基元素碳含量'", "'the carbon content as received'") }}
from downgraded as d
union all
select {{ rule_finding('R20-two-sources', 'c', 'coal_t', shown('c.own_quantity'), shown('c.other_quantity'),
    "case c.fact when 'coal' then '各机组入炉煤与能源表煤炭消费，t' when 'generation' then '各机组发电量与产量表，MWh' else '各机组购入电量与电热表，MWh' end",
    "case c.fact when 'coal' then 'coal of the units and of the energy form, t' when 'generation' then 'generation of the units and of the output form, MWh' else 'power purchased by the units and by the form of power and heat, MWh' end") }}
from compared as c
where abs(c.own_quantity - c.other_quantity) > {{ rule_limit('R20-two-sources') }} * greatest(abs(c.own_quantity), abs(c.other_quantity))
union all
select {{ rule_finding('R55-benchmark', 'y', 'coal_t', shown('y.ratio'), shown('y.benchmark')) }}
from unit_year as y
where y.place = 1 and (y.ratio < {{ rule_limit('R55-benchmark', 'lower_limit') }} or y.ratio > {{ rule_limit('R55-benchmark') }})
union all
select {{ rule_finding('R56-mode-change', 't', 'carbon_tc_per_t', shown('t.intensity'), shown('t.before_intensity')) }}
from mode_pair as t
where t.choice = 1 and t.before_basis <> t.carbon_basis and abs(t.intensity / nullif(t.before_intensity, 0.0) - 1.0) > {{ rule_limit('R56-mode-change') }}
