with e as (
    select *, 'enterprise_energy' as source, {{ month_index('period') }} as month_index,
        case data_basis when '监测' then 1 when '台账' then 2 when '发票' then 3 end as basis_rank
    from ({{ counting('int_current__energy') }}) as c
),

-- R01: the level of a year is the worst that it used; the best of the years before is what must be kept
yearly_basis as (
    select uscc, unit_code, energy, stream, slice_year, max(basis_rank) as basis_rank
    from e
    group by uscc, unit_code, energy, stream, slice_year
),

worse_basis as (
    select e.uscc, e.period, e.source, e.batch_id, e.row_no, e.data_basis, max(y.slice_year) as before_year
    from e
    inner join yearly_basis as y
        on y.uscc = e.uscc and y.unit_code = e.unit_code and y.energy = e.energy and y.stream = e.stream
        and y.slice_year < e.slice_year and y.basis_rank < e.basis_rank
    group by e.uscc, e.period, e.source, e.batch_id, e.row_no, e.data_basis
),

-- R03, once an enterprise and year: how many rows do not say where their quantity comes from
unsaid as (
    select uscc, period, source, batch_id, row_no,
        count(*) over (partition by uscc, slice_year) as row_count,
        row_number() over (partition by uscc, slice_year order by period desc, batch_id, row_no) as place
    from e
    where data_basis is null and consumed > 0.0
),

-- R04: values reported beside the word 缺省 give way to the defaults of the account's version; which, once a row
default_parameter as (
    select e.*, d.ncv_gj_per_unit as default_ncv, d.carbon_tc_per_gj as default_carbon,
        100.0 * coalesce(b.oxidation_if_blank, d.oxidation_fraction) as default_oxidation
    from e
    inner join {{ ref('int_ledger__boundary') }} as b on b.uscc = e.uscc and b.period = e.period and b.period_grain = e.period_grain and b.hold is null
    inner join {{ ref('int_factor__fuel_default') }} as d
        on d.factor_set = b.factor_set and {{ in_force('d', 'e.period') }}
        and d.fuel_code = coalesce(case when e.fuel_group = 'coal' then b.unmeasured_coal_code end, e.fuel_code)
    where e.parameter_basis = '缺省' and e.treatment in ('combustion', 'biomass')
),

set_aside as (
    select source, uscc, period, batch_id, row_no,
        string_agg(value, '、' order by place) as value, string_agg(default_value, '、' order by place) as default_value,
        string_agg(zh, '、' order by place) as zh, string_agg(en, ', ' order by place) as en
    from (
        {% for value, default, zh, en in [
            ('ncv_gj_per_unit', 'default_ncv', '低位发热量', 'the calorific value'),
            ('carbon_tc_per_gj', 'default_carbon', '单位热值含碳量', 'the carbon content'),
            ('100.0 * oxidation_fraction', 'default_oxidation', '碳氧化率', 'the oxidation rate'),
        ] -%}
        select source, uscc, period, batch_id, row_no, {{ loop.index }} as place, {{ shown(value) }} as value, {{ shown(default) }} as default_value, '{{ zh }}' as zh, '{{ en }}' as en
        from default_parameter
        where abs({{ value }} / nullif({{ default }}, 0.0) - 1.0) > {{ rule_limit('R04-value-beside-default') }}
        {% if not loop.last %}union all
        {% endif %}
        {%- endfor %}
    ) as parameter
    group by source, uscc, period, batch_id, row_no
),

-- R04 and R43 look at the two parameters alike
parameters as (
    {% for name, column in [('ncv', 'ncv_gj_per_unit'), ('carbon_content', 'carbon_tc_per_gj')] %}
    {% if not loop.first %}union all{% endif %}
    select source, uscc, unit_code, energy, stream, period, period_grain, slice_year, month_index, batch_id, row_no, consumed, parameter_basis,
        '{{ name }}' as parameter, case when coalesce(parameter_basis, '') <> '缺省' then {{ column }} end as value
    from e
    {% endfor %}
),

downgraded as (
    select p.source, p.uscc, p.period, p.batch_id, p.row_no, p.parameter, max(b.slice_year) as before_year
    from parameters as p
    inner join parameters as b
        on b.uscc = p.uscc and b.unit_code = p.unit_code and b.energy = p.energy and b.stream = p.stream and b.parameter = p.parameter
        and b.slice_year < p.slice_year and b.parameter_basis = '实测' and b.value is not null
    where p.value is null and p.consumed > 0.0
    group by p.source, p.uscc, p.period, p.batch_id, p.row_no, p.parameter
),

measured as (
    select *,
        lag(value) over (partition by uscc, unit_code, energy, stream, parameter order by period) as before_value,
        lag(month_index) over (partition by uscc, unit_code, energy, stream, parameter order by period) as before_index,
        month_index - row_number() over (partition by uscc, unit_code, energy, stream, parameter, value order by period) as island
    from parameters
    where parameter_basis = '实测' and value is not null and period_grain = 'month'
),

runs as (
    select *,
        count(*) over (partition by uscc, unit_code, energy, stream, parameter, value, island) as months,
        row_number() over (partition by uscc, unit_code, energy, stream, parameter, value, island order by period desc) as place
    from measured
),

stocks as (
    select *,
        lag(closing_stock) over (partition by uscc, unit_code, energy, stream order by period) as before_stock,
        lag(month_index) over (partition by uscc, unit_code, energy, stream order by period) as before_index
    from e
    where period_grain = 'month'
),

-- R12, R13 where no stocks are given (with stocks, R10 of the gate judges the row)
flows as (
    select *,
        consumed + coalesce(sold, 0.0) + coalesce(used_elsewhere, 0.0) - coalesce(purchased, 0.0) as gas_used,
        coalesce(purchased, 0.0) + coalesce(produced, 0.0) - coalesce(sold, 0.0) - coalesce(used_elsewhere, 0.0) as power_expected
    from e
    where opening_stock is null or closing_stock is null
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
),

ncv_year as (
    select t.source, t.uscc, t.energy, t.slice_year, count(*) as months, max(t.period) as period,
        {{ exact_sum('t.value * t.consumed') }} / nullif({{ exact_sum('t.consumed') }}, 0.0) as ncv,
        {{ exact_sum('b.value * b.consumed') }} / nullif({{ exact_sum('b.consumed') }}, 0.0) as before_ncv
    from parameters as t
    inner join parameters as b
        on b.uscc = t.uscc and b.unit_code = t.unit_code and b.energy = t.energy and b.stream = t.stream and b.parameter = t.parameter
        and b.month_index = t.month_index - 12 and b.period_grain = t.period_grain
    where t.parameter = 'ncv' and t.value is not null and b.value is not null and t.period_grain = 'month'
    group by t.source, t.uscc, t.energy, t.slice_year
),

ncv_row as (
    select n.*, p.batch_id, p.row_no,
        row_number() over (partition by n.uscc, n.energy, n.slice_year order by p.batch_id, p.row_no) as place
    from ncv_year as n
    inner join parameters as p on p.uscc = n.uscc and p.energy = n.energy and p.period = n.period and p.parameter = 'ncv' and p.value is not null
    where n.months >= {{ rule_limit('R60-ncv', 'least_count') }}
        and abs(n.ncv / nullif(n.before_ncv, 0.0) - 1.0) > {{ rule_limit('R60-ncv') }}
)

select {{ rule_finding('R01-source-priority', 'w', 'basis', 'w.data_basis', 'w.before_year') }}
from worse_basis as w
union all
select {{ rule_finding('R03-basis-missing', 'u', 'basis', 'null', 'u.row_count') }}
from unsaid as u
where u.place = 1
union all
select {{ rule_finding('R04-parameter-downgrade', 'd', 'parameter_basis', 'null', 'd.before_year',
    "case d.parameter when 'ncv' then '低位发热量' else '单位热值含碳量' end", "case d.parameter when 'ncv' then 'the calorific value' else 'the carbon content' end") }}
from downgraded as d
union all
select {{ rule_finding('R04-value-beside-default', 's', 'parameter_basis', 's.value', 's.default_value', 's.zh', 's.en') }}
from set_aside as s
union all
select {{ rule_finding('R10-stock-across-months', 's', 'opening_stock', shown('s.opening_stock'), shown('s.before_stock')) }}
from stocks as s
where s.before_index = s.month_index - 1
    and abs(s.opening_stock - s.before_stock) > {{ rule_limit('R10-stock-across-months') }} * greatest(abs(s.opening_stock), abs(s.before_stock)) + 1e-6
union all
select {{ rule_finding('R12-by-product-gas', 'f', 'produced', shown('f.produced'), shown('f.gas_used')) }}
from flows as f
where f.fuel_group = 'gas' and f.fuel_code not in ('natural_gas', 'lng', 'coalbed_methane') and f.produced > 0.0
    and abs(f.produced - f.gas_used) > {{ rule_limit('R12-by-product-gas') }} * f.produced
union all
select {{ rule_finding('R13-power-balance', 'f', 'consumed', shown('f.consumed'), shown('f.power_expected')) }}
from flows as f
where f.fuel_code = 'electricity' and (f.purchased is not null or f.produced is not null)
    and abs(f.consumed - f.power_expected) > {{ rule_limit('R13-power-balance') }} * greatest(abs(f.consumed), abs(f.power_expected))
union all
select {{ rule_finding('R20-two-sources', 'l', 'consumed', shown('l.consumed'), shown('p.mwh'), "'消费电量（能源表与电热表），MWh'", "'power consumed (energy form, form of power and heat), MWh'") }}
from listed_power as l
inner join power as p on p.uscc = l.uscc and p.period = l.period and p.period_grain = l.period_grain
where abs(l.consumed - p.mwh) > {{ rule_limit('R20-two-sources') }} * greatest(abs(l.consumed), abs(p.mwh))
union all
select {{ rule_finding('R43-ncv-jump', 'm', 'ncv', shown('m.value'), shown('m.before_value')) }}
from measured as m
where m.parameter = 'ncv' and m.before_index = m.month_index - 1 and abs(m.value / nullif(m.before_value, 0.0) - 1.0) > {{ rule_limit('R43-ncv-jump') }}
union all
select {{ rule_finding('R43-carbon-jump', 'm', 'carbon_content', shown('m.value'), shown('m.before_value')) }}
from measured as m
where m.parameter = 'carbon_content' and m.before_index = m.month_index - 1
    and abs(m.value / nullif(m.before_value, 0.0) - 1.0) > {{ rule_limit('R43-carbon-jump') }}
union all
select {{ rule_finding('R43-identical-parameter', 'r', 'parameter_basis', shown('r.value'), 'r.months',
    "case r.parameter when 'ncv' then '实测低位发热量' else '实测单位热值含碳量' end", "case r.parameter when 'ncv' then 'the measured calorific value' else 'the measured carbon content' end") }}
from runs as r
where r.place = 1 and r.months >= {{ rule_limit('R43-identical-parameter', 'least_count') }}
union all
select {{ rule_finding('R44-energy-total', 't', 'quantity', shown('t.tce'), shown('t.derived')) }}
from energy_total as t
where abs(t.tce - t.derived) > {{ rule_limit('R44-energy-total') }} * greatest(abs(t.tce), abs(t.derived))
union all
select {{ rule_finding('R60-ncv', 'n', 'ncv', shown('n.ncv'), shown('n.before_ncv'), "'“' || n.energy || '”'", 'n.energy') }}
from ncv_row as n
where n.place = 1
