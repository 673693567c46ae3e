with e as (
    {{ energy_form() }}
),

-- R20: power consumed by the energy form and by the form of power and heat
power as (
    select uscc, period, period_grain,
        {{ exact_sum("case when direction in ('购入', '自发自用') then quantity when origin = '电网' then -quantity else 0.0 end") }} as mwh
    from ({{ counting('int_current__power_heat') }}) as h
    where carrier = '电力' and quantity is not null
    group by uscc, period, period_grain
),

listed_power as (
    select source, uscc, period, period_grain, {{ exact_sum('consumed') }} as consumed, min(batch_id) as batch_id, min(row_no) as row_no
    from e
    where fuel_code = 'electricity'
    group by source, uscc, period, period_grain
),

-- R44: energy by the calorific value that was measured, else by the coefficient of GB/T 2589; a fuel with neither says nothing
coefficient as (
    select item, max(case unit when 'kgce/kg' then value when 'kgce/m3' then value * 10.0 end) as tce_per_unit
    from {{ ref('int_factor__current') }}
    where kind = 'tce' and not is_unconfirmed
    group by item
),

fuel_energy as (
    select e.uscc, e.period, e.period_grain,
        {{ exact_sum("e.consumed * coalesce(case when e.parameter_basis = '实测' then e.ncv_gj_per_unit end / 29.3076, c.tce_per_unit)") }} as tce,
        count(case when coalesce(case when e.parameter_basis = '实测' then e.ncv_gj_per_unit end, c.tce_per_unit) is null then 1 end) as unknown,
        {{ exact_sum('e.transformation_input') }} as transformed
    from e
    left join coefficient as c on c.item = e.fuel_code
    where e.fuel_code not in ('electricity', 'heat') and e.consumed <> 0.0
    group by e.uscc, e.period, e.period_grain
),

bought as (
    select uscc, period, period_grain,
        {{ exact_sum("case direction when '购入' then 1.0 when '外供' then -1.0 else 0.0 end * case carrier when '电力' then quantity * 0.1229 else quantity / 29.3076 end") }} as tce,
        count(case when direction <> '自发自用' and quantity is null then 1 end) as unknown
    from ({{ counting('int_current__power_heat') }}) as h
    group by uscc, period, period_grain
),

stated as (
    select o.uscc, o.period, o.period_grain, o.batch_id, o.row_no, o.quantity * coalesce(u.factor, 1.0) as tce
    from ({{ counting('int_current__output') }}) as o
    left join {{ ref('unit') }} as u on u.unit_key = lower(replace(o.reported_unit, ' ', '')) and u.dimension = 'tce'
    where o.item = '综合能源消费量' and o.unit_code = '' and (o.period_grain = 'year' or o.months_covered = 1)
),

energy_total as (
    select 'enterprise_output' as source, s.*, coalesce(f.tce, 0.0) + coalesce(b.tce, 0.0) as derived
    from stated as s
    left join fuel_energy as f on f.uscc = s.uscc and f.period = s.period and f.period_grain = s.period_grain
    left join bought as b on b.uscc = s.uscc and b.period = s.period and b.period_grain = s.period_grain
    where coalesce(f.unknown, 0) = 0 and coalesce(b.unknown, 0) = 0 and coalesce(f.transformed, 0.0) = 0.0
        and (f.uscc is not null or b.uscc is not null)
)

select {{ rule_finding('R20-two-sources', 'l', 'consumed', shown('l.consumed'), shown('p.mwh'), "'消费电量（能源表与电热表），MWh'", "'power consumed (energy form, form of power and heat), MWh'") }}
from listed_power as l
inner join power as p on p.uscc = l.uscc and p.period = l.period and p.period_grain = l.period_grain
where abs(l.consumed - p.mwh) > {{ rule_limit('R20-two-sources') }} * greatest(abs(l.consumed), abs(p.mwh))
union all
select {{ rule_finding('R44-energy-total', 't', 'quantity', shown('t.tce'), shown('t.derived')) }}
from energy_total as t
where abs(t.tce - t.derived) > {{ rule_limit('R44-energy-total') }} * greatest(abs(t.tce), abs(t.derived))
