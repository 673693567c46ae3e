{#
  The figure of a year, per division, industry, indicator and unit: the sum of twelve single months, else the yearly figure, else a
  year-to-date series of December or of the year. Fewer than twelve months and no yearly figure make none. Months that look like year to date
  are not added (int_statistics__suspect). Of several vintages the revised one, a real figure before a synthetic one; `by_series`:
  one figure for each vintage and label, never mixed.
#}
{% macro statistic_years(by_series=false) -%}
{%- set series = ', vintage, is_synthetic' if by_series else '' -%}
with figure as (
    select
        division_code,
        industry_code,
        indicator,
        unit,
        cast(year(period) as integer) as year,
        month(period) as month,
        period_grain,
        period_kind,
        vintage,
        {{ decimal_of('value', 6) }} as value,
        is_synthetic,
        batch_id,
        row_no,
        exists (
            select 1 from {{ ref('int_statistics__suspect') }} as x
            where x.division_code = c.division_code and x.industry_code = c.industry_code and x.indicator = c.indicator
                and x.unit = c.unit and x.year = year(c.period)
        ) as looks_to_date,
        row_number() over (
            partition by division_code, industry_code, indicator, unit, period, period_grain, period_kind{{ series }}
            order by is_synthetic, {{ vintage_rank() }}, published_on desc nulls last,
                received_at desc, batch_id, row_no
        ) as choice
    from {{ ref('int_current__sector_statistics') }} as c
    where conflict is null and period_grain in ('year', 'month') and abs(value) < 1e25
),

reading as (
    select
        division_code, industry_code, indicator, unit, year, 0 as precedence, 'twelve_months' as reading, sum(value) as value,
        min(vintage) as vintage, max(case when is_synthetic then 1 else 0 end) as synthetic, min(batch_id) as batch_id, min(row_no) as row_no
    from figure
    where choice = 1 and period_grain = 'month' and period_kind = '当期' and not looks_to_date
    group by division_code, industry_code, indicator, unit, year{{ series }}
    having count(*) = 12
    union all
    select
        division_code, industry_code, indicator, unit, year, case period_kind when '当期' then 1 else 2 end, 'year', value,
        vintage, case when is_synthetic then 1 else 0 end, batch_id, row_no
    from figure
    where choice = 1 and period_grain = 'year'
    union all
    select
        division_code, industry_code, indicator, unit, year, 3, 'year_to_date', value,
        vintage, case when is_synthetic then 1 else 0 end, batch_id, row_no
    from figure
    where choice = 1 and period_grain = 'month' and period_kind = '累计' and month = 12
),

ranked as (
    select *,
        row_number() over (partition by division_code, industry_code, indicator, unit, year{% if by_series %}, vintage, synthetic{% endif %} order by synthetic, precedence) as choice
    from reading
)

select
    division_code, industry_code, indicator, unit, year, reading, cast(value as decimal(38, 6)) as value, vintage,
    synthetic = 1 as is_synthetic, batch_id, row_no
from ranked
where choice = 1
{%- endmacro %}

{# Which vintage of a statistic stands: the revised one first, then one that does not say, the preliminary and all others last. #}
{% macro vintage_rank() -%}
case vintage when '修订' then 0 when '' then 1 else 2 end
{%- endmacro %}
