{%- set names = ['own', 'one', 'two', 'three', 'four'] %}
{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail',
    pre_hook="{% if is_incremental() %}delete from {{ this }} where content not in (select content from {{ ref('int_uncertainty__drawn') }}){% endif %}"
) }}
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

error as (
    select
        cell, content, amount
        {%- for name in names %}, {{ name }}_width, sqrt(ln(1.0 + power({{ name }}_width / 1.959963984540054, 2))) as {{ name }}_log_sigma,
        {{ text_number("'carbon-multiplier-1|' || cell || '|' || cell_value || '|' || " ~ name ~ "_error") }} as {{ name }}_multiplier,
        {{ text_number("'carbon-increment-1|' || cell || '|' || cell_value || '|' || " ~ name ~ "_error") }} as {{ name }}_increment
        {%- endfor %}
    from {{ ref('int_uncertainty__drawn') }}
    {% if is_incremental() %}where content not in (select content from {{ this }}){% endif %}
),

total as (
    select
        e.cell, e.content, d.n,
        sum(cast(round(1000.0 * e.amount
            {%- for name in names %}
            * {{ error_multiplier('e.' ~ name, 'd') }}
            {%- endfor %}) as bigint)) as kilograms
    from error as e
    cross join draw as d
    group by e.cell, e.content, d.n
)

select
    t.content, c.basis, c.factor_set, c.level, c.code, c.period, c.measure, cast(count(*) as bigint) as draws,
    quantile_cont(cast(t.kilograms as double), 0.025) / 1000.0 as low, quantile_cont(cast(t.kilograms as double), 0.975) / 1000.0 as high
from total as t
inner join (
    select distinct cell, basis, factor_set, level, code, period, measure from {{ ref('int_uncertainty__part') }}
) as c on c.cell = t.cell
group by t.content, c.basis, c.factor_set, c.level, c.code, c.period, c.measure
