{# The relative half-width that seed uncertainty_default has for the distinct rows of `relation` (subject, component, detail, wide_detail, tier): the most specific row. #}
{% macro with_half_width(relation) -%}
select * exclude (choice)
from (
    select
        r.*, d.half_width,
        row_number() over (
            partition by r.subject, r.component, r.detail, r.wide_detail, r.tier
            order by
                case when d.component = '*' then 1 else 0 end,
                case when d.detail = r.detail then 0 when d.detail = r.wide_detail then 1 else 2 end,
                case when d.tier = '*' then 1 else 0 end
        ) as choice
    from {{ relation }} as r
    inner join {{ ref('uncertainty_default') }} as d
        on d.subject = r.subject and d.component in (r.component, '*') and d.detail in (r.detail, r.wide_detail, '*') and d.tier in (r.tier, '*')
) as candidates
where choice = 1
{%- endmacro %}

{# The measures of the ledger that have an interval, with the lines that make them. #}
{% macro uncertain_measures() -%}
{{ return({
    'direct_tco2e': is_direct('l'),
    'purchased_power_location_tco2e': "l.electricity_view = 'location'",
    'purchased_heat_tco2e': "l.emission_source = 'purchased_heat'",
}) }}
{%- endmacro %}

{# What totals have an interval: the levels of the totals, and each enterprise. #}
{% macro uncertain_levels() -%}
{{ return(total_levels() + ['enterprise']) }}
{%- endmacro %}

{#
  The interval of every total of the ledger by level, code, period and measure. `period` is the SQL of the period, `filter` picks the rows (`c` for both
  relations). The square of the half-width is the sum over errors of the square of all that each moves: an error that is shared does not average out.
#}
{% macro uncertain_totals(period, filter) -%}
value_cell as (
    {% for level in uncertain_levels() -%}
    select '{{ level }}' as level, {{ 'c.uscc' if level == 'enterprise' else 'c.' ~ level }} as code, {{ period }} as total_period, c.*
    from {{ ref('int_total__cell') }} as c
    where {{ filter }}
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}
),

value_sum as (
    select level, code, total_period, bool_or(is_synthetic) as is_synthetic
        {%- for measure in uncertain_measures() %}, cast(sum({{ measure }}) as decimal(18, 3)) as {{ measure }}{% endfor %}
    from value_cell
    group by level, code, total_period
),

total_value as (
    {% for measure in uncertain_measures() -%}
    select level, code, total_period, is_synthetic, '{{ measure }}' as measure, {{ measure }} as value
    from value_sum
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}
),

error_sum as (
    {% for level in uncertain_levels() -%}
    select '{{ level }}' as level, {{ level }} as code, {{ period }} as total_period, measure, subject, error, sum(moved) as moved, sum(squares) as squares
    from {{ ref('int_uncertainty__term') }} as c
    where {{ filter }}
    group by {{ level }}, {{ period }}, measure, subject, error
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}
),

{{ half_widths('error_sum', ['level', 'code', 'total_period', 'measure']) }}
{%- endmacro %}

{# CTE `half_width` from errors: variance of each cell, the part of factors, the greatest error. Sums of decimals: no order shows. #}
{% macro half_widths(relation, key) -%}
error_rank as (
    select *, {{ decimal_of('power(cast(moved as double), 2)', 6) }} as variance,
        row_number() over (partition by {{ key | join(', ') }} order by abs(moved) desc, error) as place
    from {{ relation }}
),

half_width as (
    select
        {{ key | join(', ') }},
        cast(sum(variance) as double) as variance,
        cast(sum(case when subject = 'factor' then variance else 0 end) as double) as factor_variance,
        cast(sum(squares) as double) as independent_variance,
        max(case when place = 1 then error end) as largest_error, cast(max(case when place = 1 then variance end) as double) as largest_variance
    from error_rank
    group by {{ key | join(', ') }}
)
{%- endmacro %}

{# The published columns of an interval: `value` and `h` (variances of one cell; null = no error). #}
{% macro interval_columns(value, h) -%}
{%- set half = 'sqrt(coalesce(' ~ h ~ '.variance, 0.0))' -%}
cast({{ value }} as double) as value,
    cast({{ half }} as double) as half_width,
    cast(cast({{ value }} as double) - {{ half }} as double) as low,
    cast(cast({{ value }} as double) + {{ half }} as double) as high,
    cast({{ half }} / nullif(abs(cast({{ value }} as double)), 0.0) as double) as relative_half_width,
    cast({{ h }}.factor_variance as double) as factor_share_num, cast({{ h }}.variance as double) as factor_share_den,
    cast({{ h }}.factor_variance / nullif({{ h }}.variance, 0.0) as double) as factor_share,
    cast(sqrt(coalesce({{ h }}.independent_variance, 0.0)) as double) as naive_independent,
    cast({{ h }}.largest_error as varchar) as largest_contributor,
    cast({{ h }}.largest_variance / nullif({{ h }}.variance, 0.0) as double) as largest_share
{%- endmacro %}

{# A number from 1 to 2^31 - 2 that a text decides. #}
{% macro text_number(text) -%}
(cast('0x' || substr(md5({{ text }}), 1, 8) as bigint) % 2147483646 + 1)
{%- endmacro %}

{#
  A standard normal number of an error and a draw, the same on every machine and in any order: two uniform numbers (multiplier x draw + increment) mod
  (2^31 - 1), made normal by Box and Muller. `e` has <name>_multiplier and <name>_increment, `d` first and second.
#}
{% macro normal_draw(e, d) -%}
sqrt(-2.0 * ln((({{ e }}_multiplier * {{ d }}.first + {{ e }}_increment) % 2147483647 + 1) / 2147483648.0))
        * cos(2.0 * pi() * (({{ e }}_multiplier * {{ d }}.second + {{ e }}_increment) % 2147483647) / 2147483647.0)
{%- endmacro %}

{# What an error multiplies its lines by: normal, or lognormal with the same mean and variance where the half-width is above 30 % (IPCC 2006, vol. 1 ch. 3). #}
{% macro error_multiplier(e, d) -%}
case
    when {{ e }}_width is null then 1.0
    when {{ e }}_width > 0.3 then exp({{ e }}_log_sigma * ({{ normal_draw(e, d) }}) - {{ e }}_log_sigma * {{ e }}_log_sigma / 2.0)
    else 1.0 + {{ e }}_width / 1.959963984540054 * ({{ normal_draw(e, d) }})
end
{%- endmacro %}
