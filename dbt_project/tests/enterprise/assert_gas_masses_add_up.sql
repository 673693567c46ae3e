-- the gas masses of the province are those of the direct lines; a gas without a column would show as a difference
with of_lines as (
    select
        make_date(year(period), 1, 1) as period,
        {% for gas in ledger_gases() %}sum(case when gas = '{{ gas }}' then gas_t else 0 end) as {{ gas_column(gas) }},
        {% endfor %}sum(gas_t) as all_t
    from (select * exclude (gas_t), {{ decimal_of('gas_t', 9, 28) }} as gas_t from {{ ref('fct_enterprise_emission_line') }}) as l
    where {{ is_direct() }} and division_code is not null
    group by make_date(year(period), 1, 1)
),

of_totals as (
    select period, {% for gas in ledger_gases() %}sum({{ gas_column(gas) }}) as {{ gas_column(gas) }}, {% endfor %}
        sum({% for gas in ledger_gases() %}{{ gas_column(gas) }}{% if not loop.last %} + {% endif %}{% endfor %}) as all_t
    from {{ ref('fct_total_year') }}
    where level = 'province'
    group by period
)

select *
from of_lines as l
full outer join of_totals as t using (period)
where coalesce(l.all_t, 0) <> coalesce(t.all_t, 0)
    {%- for gas in ledger_gases() %}
    or coalesce(l.{{ gas_column(gas) }}, 0) <> coalesce(t.{{ gas_column(gas) }}, 0)
    {%- endfor %}
