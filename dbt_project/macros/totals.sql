{# The levels of a total; each is a column of int_total__cell that holds the code. #}
{% macro total_levels() -%}
{{ return(['province', 'prefecture', 'county', 'industry_section', 'industry', 'industry_class', 'field', 'prefecture_industry']) }}
{%- endmacro %}

{# The gases of the ledger; each has a column of its mass in the totals. #}
{% macro ledger_gases() -%}
{{ return([
    'CO2', 'CH4', 'N2O', 'CF4', 'C2F6', 'C3F8', 'SF6', 'NF3', 'HFC-23', 'HFC-32', 'HFC-125', 'HFC-134a', 'HFC-143a', 'HFC-152a',
    'HFC-227ea', 'HFC-236fa', 'HFC-245fa',
]) }}
{%- endmacro %}

{# The column of a gas's mass. #}
{% macro gas_column(gas) -%}
{{ gas | lower | replace('-', '') }}_t
{%- endmacro %}

{# Totals of every level: `period` is the SQL of the period, `filter` picks the rows. Where nobody of those in operation reported, nothing is known: null. #}
{% macro totals(period, filter) -%}
with levels as (
    {% for level in total_levels() -%}
    select '{{ level }}' as level, {{ level }} as code, {{ period }} as total_period, c.*
    from {{ ref('int_total__cell') }} as c
    where {{ filter }}
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}
),

summed as (
    select
        level, code, total_period,
        sum(direct_tco2e) as direct_tco2e, sum(purchased_power_location_tco2e) as purchased_power_location_tco2e,
        sum(purchased_heat_tco2e) as purchased_heat_tco2e,
        {% for gas in ledger_gases() %}sum({{ gas_column(gas) }}) as {{ gas_column(gas) }}, {% endfor %}
        count(distinct case when reported = 1 then uscc end) as coverage_num,
        count(distinct case when registered = 1 or reported = 1 then uscc end) as coverage_den,
        sum(measured_num) as measured_num, sum(measured_den) as measured_den, sum(held_back_rows) as held_back_rows,
        sum(held_back_tco2e) as held_back_tco2e, sum(held_back_unknown_rows) as held_back_unknown_rows,
        sum(incomplete) as incomplete, sum(lines) = 0 and sum(registered) > 0 and sum(reported) = 0 as is_silent, max(stale) as stale, max(slice_year) as slice_year,
        count(distinct case when measured_den <> 0 or purchased_power_location_tco2e <> 0 or reported = 1 then uscc end) as enterprises,
        bool_or(is_synthetic) as is_synthetic
    from levels
    group by level, code, total_period
),

-- a figure is final when its whole year is: a month is no earlier than its year
stated as (
    select s.*,
        case
            when s.stale = 1 then 'stale_input'
            when c.hindrance = 'not_due' then 'not_due'
            when sum(s.incomplete) over (partition by s.level, s.code, s.slice_year) > 0 then 'reports_missing'
            when max(s.stale) over (partition by s.level, s.code, s.slice_year) = 1 then 'stale_input_in_year'
            when sum(s.held_back_rows) over (partition by s.level, s.code, s.slice_year) > 0 then 'rows_held_back'
            else coalesce(c.hindrance, 'complete')
        end as reason
    from summed as s
    left join {{ ref('int_closing__year') }} as c on c.slice_year = s.slice_year
)

select
    cast(level as varchar) as level, cast(code as varchar) as code, cast(total_period as date) as period,
    cast(case when not is_silent then direct_tco2e end as decimal(18, 3)) as direct_tco2e,
    cast(case when not is_silent then purchased_power_location_tco2e end as decimal(18, 3)) as purchased_power_location_tco2e,
    cast(case when not is_silent then purchased_heat_tco2e end as decimal(18, 3)) as purchased_heat_tco2e,
    {% for gas in ledger_gases() -%}
    cast(case when not is_silent then {{ gas_column(gas) }} end as decimal(28, 9)) as {{ gas_column(gas) }},
    {% endfor -%}
    cast(enterprises as bigint) as enterprises,
    cast(coverage_num as bigint) as coverage_num, cast(coverage_den as bigint) as coverage_den,
    cast(coverage_num as double) / nullif(cast(coverage_den as double), 0.0) as coverage,
    cast(measured_num as decimal(18, 3)) as measured_share_num, cast(measured_den as decimal(18, 3)) as measured_share_den,
    cast(measured_num as double) / nullif(cast(measured_den as double), 0.0) as measured_share,
    cast(held_back_rows as bigint) as held_back_rows,
    cast(case when held_back_rows = 0 then 0 else held_back_tco2e end as decimal(18, 3)) as held_back_tco2e,
    cast(held_back_unknown_rows as bigint) as held_back_unknown_rows,
    cast(case reason when 'complete' then 'final' when 'stale_input' then 'stale_input' else 'provisional' end as varchar) as status,
    cast(reason as varchar) as status_reason, cast(is_synthetic as boolean) as is_synthetic
from stated
order by level, code, period
{%- endmacro %}

{# The field that a line counts in: its own (process, waste), else that of its industry. #}
{% macro line_field(own, of_industry) %}coalesce({{ own }}, {{ of_industry }}, 'unknown'){% endmacro %}

{# The code of each level, from the place, industry and field that a line counts in. #}
{% macro level_codes(division, prefecture, industry, section, field) -%}
left({{ division }}, 2) || '0000' as province,
{{ prefecture }} as prefecture,
{{ division }} as county,
{{ section }} as industry_section,
left({{ industry }}, 2) as industry,
{{ industry }} as industry_class,
{{ field }} as field,
{{ prefecture }} || ':' || left({{ industry }}, 2) as prefecture_industry
{%- endmacro %}
