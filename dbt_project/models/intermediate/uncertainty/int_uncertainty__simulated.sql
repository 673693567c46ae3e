{{ config(materialized='table') }}
{%- set names = ['own', 'one', 'two', 'three', 'four'] %}
with digit as (
    {% for n in range(10) %}select {{ n }} as n{% if not loop.last %} union all {% endif %}{% endfor %}
),

draw as (
    select {{ text_number("'carbon-draw-1|' || cast(n as varchar)") }} as first, {{ text_number("'carbon-draw-2|' || cast(n as varchar)") }} as second, n
    from (
        select a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n as n
        from digit as a cross join digit as b cross join digit as c cross join digit as d cross join digit as e
        where e.n < {{ var('uncertainty_draws') // 10000 }}
    ) as numbered
),

named as (
    select
        cell, cell_value, amount, concat_ws('|', 'own', error_1, error_2, error_3, error_4, cast(width_1 as varchar)) as own_error,
        own_moved / abs(amount) as own_width, error_1 as one_error, width_1 as one_width, error_2 as two_error, width_2 as two_width,
        error_3 as three_error, width_3 as three_width, error_4 as four_error, width_4 as four_width
    from {{ ref('int_uncertainty__part') }}
    where amount <> 0.0
),

-- what moves less than a hundred-thousandth of the cell's variance is not drawn
weighed as (
    select *,
        1e-5 * {{ exact_sum('square', over='partition by cell', decimals=6) }} / power(amount, 2) as least_square
    from (
        select *, power(amount, 2) * (
            {%- for name in names %}coalesce(power({{ name }}_width, 2), 0.0){% if not loop.last %} + {% endif %}{% endfor -%}
        ) as square
        from named
    ) as squared
),

drawn as (
    select
        cell, cell_value, {{ exact_sum('amount', decimals=3) }} as amount
        {%- for name in names %},
        case when power({{ name }}_width, 2) > least_square then {{ name }}_error end as {{ name }}_error,
        case when power({{ name }}_width, 2) > least_square then {{ name }}_width end as {{ name }}_width
        {%- endfor %}
    from weighed
    group by cell, cell_value
        {%- for name in names %},
        case when power({{ name }}_width, 2) > least_square then {{ name }}_error end,
        case when power({{ name }}_width, 2) > least_square then {{ name }}_width end
        {%- endfor %}
),

error as (
    select
        cell, amount
        {%- for name in names %}, {{ name }}_width, sqrt(ln(1.0 + power({{ name }}_width / 1.959963984540054, 2))) as {{ name }}_log_sigma,
        {{ text_number("'carbon-multiplier-1|' || cell || '|' || cell_value || '|' || " ~ name ~ "_error") }} as {{ name }}_multiplier,
        {{ text_number("'carbon-increment-1|' || cell || '|' || cell_value || '|' || " ~ name ~ "_error") }} as {{ name }}_increment
        {%- endfor %}
    from drawn
),

total as (
    select
        e.cell, d.n,
        sum(cast(round(1000.0 * e.amount
            {%- for name in names %}
            * {{ error_multiplier('e.' ~ name, 'd') }}
            {%- endfor %}) as bigint)) as kilograms
    from error as e
    cross join draw as d
    group by e.cell, d.n
)

select
    c.basis, c.factor_set, c.level, c.code, c.period, c.measure, cast(count(*) as bigint) as draws,
    quantile_cont(cast(t.kilograms as double), 0.025) / 1000.0 as low, quantile_cont(cast(t.kilograms as double), 0.975) / 1000.0 as high
from total as t
inner join (
    select distinct cell, basis, factor_set, level, code, period, measure from {{ ref('int_uncertainty__part') }}
) as c on c.cell = t.cell
group by c.basis, c.factor_set, c.level, c.code, c.period, c.measure
