with form as (
    {{ energy_form() }}
),

e as (
    {{ with_body('form') }}
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
    select source, uscc, series_uscc, unit_code, energy, stream, period, period_grain, slice_year, month_index, batch_id, row_no, consumed, parameter_basis,
        '{{ name }}' as parameter, case when coalesce(parameter_basis, '') <> '缺省' then {{ column }} end as value
    from e
    {% endfor %}
),

downgraded as (
    select p.source, p.uscc, p.period, p.batch_id, p.row_no, p.parameter, max(b.slice_year) as before_year
    from parameters as p
    inner join parameters as b
        on b.series_uscc = p.series_uscc and b.unit_code = p.unit_code and b.energy = p.energy and b.stream = p.stream and b.parameter = p.parameter
        and b.slice_year < p.slice_year and b.parameter_basis = '实测' and b.value is not null
    where p.value is null and p.consumed > 0.0
    group by p.source, p.uscc, p.period, p.batch_id, p.row_no, p.parameter
),

measured as (
    select *,
        lag(value) over (partition by series_uscc, unit_code, energy, stream, parameter order by period, uscc) as before_value,
        lag(month_index) over (partition by series_uscc, unit_code, energy, stream, parameter order by period, uscc) as before_index,
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

ncv_year as (
    select t.source, t.uscc, t.energy, t.slice_year, count(*) as months, max(t.period) as period,
        {{ exact_sum('t.value * t.consumed') }} / nullif({{ exact_sum('t.consumed') }}, 0.0) as ncv,
        {{ exact_sum('b.value * b.consumed') }} / nullif({{ exact_sum('b.consumed') }}, 0.0) as before_ncv
    from parameters as t
    inner join parameters as b
        on b.series_uscc = t.series_uscc and b.unit_code = t.unit_code and b.energy = t.energy and b.stream = t.stream and b.parameter = t.parameter
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

select {{ rule_finding('R04-parameter-downgrade', 'd', 'parameter_basis', 'null', 'd.before_year',
    "case d.parameter when 'ncv' then '低位发热量' else '单位热值含碳量' end", "case d.parameter when 'ncv' then 'the calorific value' else 'the carbon content' end") }}
from downgraded as d
union all
select {{ rule_finding('R04-value-beside-default', 's', 'parameter_basis', 's.value', 's.default_value', 's.zh', 's.en') }}
from set_aside as s
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
select {{ rule_finding('R60-ncv', 'n', 'ncv', shown('n.ncv'), shown('n.before_ncv'), "'“' || n.energy || '”'", 'n.energy') }}
from ncv_row as n
where n.place = 1
