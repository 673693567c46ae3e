{#
  Year-to-date figures (period_kind 累计) as the figures of single periods: each is the step since the one before it in its year, less the
  single months that lie between. A step may cover several months (`months_covered`: January and February come together, or the whole
  year, which then is a yearly figure). `superseded_by` = year: a year known from December beside a yearly figure, which counts.
  relation: a CTE with period, period_grain, period_kind and conflict; series: the key without its period; value: the column that runs up;
  factor: the column that brings it into one unit.
#}
{% macro single_periods(relation, series, value, factor='1.0') %}
{%- set amount = value ~ ' * ' ~ factor if factor != '1.0' else value -%}
{%- set step = '(' ~ amount ~ ' - coalesce(base_value, 0.0) - coalesce(singles, 0.0) + coalesce(base_singles, 0.0)) / ' ~ factor -%}
{%- set single = "case when period_grain = 'month' and period_kind = '当期' and conflict is null then " ~ amount ~ ' end' -%}
select * exclude (to_date, is_year, singles, single_months, base_value, base_month, base_singles, base_single_months, has_year)
    replace (
        case when to_date then {{ rounded('(' ~ step ~ ')', 9) }} else {{ value }} end as {{ value }},
        case when is_year then cast(date_trunc('year', period) as date) else period end as period,
        case when is_year then 'year' else period_grain end as period_grain
    ),
    {{ value }} as reported_{{ value }},
    case when is_year and has_year then 'year' end as superseded_by
from (
    select *,
        case
            when to_date then month(period) - coalesce(base_month, 0) - single_months + coalesce(base_single_months, 0)
            when period_grain = 'month' then 1
            when period_grain = 'year' then 12
        end as months_covered,
        to_date and month(period) - coalesce(base_month, 0) - single_months + coalesce(base_single_months, 0) = 12 as is_year
    from (
        select *,
            last_value(case when to_date then {{ amount }} end ignore nulls) over before as base_value,
            last_value(case when to_date then month(period) end ignore nulls) over before as base_month,
            last_value(case when to_date then coalesce(singles, 0.0) end ignore nulls) over before as base_singles,
            last_value(case when to_date then single_months end ignore nulls) over before as base_single_months
        from (
            select *,
                period_grain = 'month' and period_kind = '累计' and conflict is null as to_date,
                cast(sum({{ decimal_of('(' ~ single ~ ')', 9) }}) over up_to as double) as singles,
                count(case when period_grain = 'month' and period_kind = '当期' and conflict is null then {{ value }} end) over up_to as single_months,
                bool_or(period_grain = 'year' and conflict is null) over (partition by {{ series | join(', ') }}, year(period)) as has_year
            from {{ relation }}
            window up_to as (
                partition by {{ series | join(', ') }}, period_grain, year(period) order by period, batch_id, row_no rows between unbounded preceding and current row
            )
        ) as summed
        window before as (
            partition by {{ series | join(', ') }}, period_grain, year(period) order by period, batch_id, row_no rows between unbounded preceding and 1 preceding
        )
    ) as based
) as stepped
{% endmacro %}
