{{ config(materialized='table') }}
{%- set names = ['own', 'one', 'two', 'three', 'four'] %}
with named as (
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

content_of as (
    select cell, md5(concat_ws('|', cell, cell_value, {{ var('uncertainty_draws') }}, string_agg(part, '|' order by part))) as content
    from (
        select cell, cell_value, concat_ws('|', amount
            {%- for name in names %}, coalesce({{ name }}_error, '-'), coalesce(cast({{ name }}_width as varchar), '-'){% endfor %}) as part
        from drawn
    ) as told
    group by cell, cell_value
)

select d.*, c.content
from drawn as d
inner join content_of as c on c.cell = d.cell
