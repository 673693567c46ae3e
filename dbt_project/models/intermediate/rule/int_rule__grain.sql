with enterprise as (
    {% for name, source, column, quantity in [
        ('int_current__energy', 'enterprise_energy', 'consumed', 'consumed'), ('int_current__power_heat', 'enterprise_power_heat', 'quantity', 'quantity'),
        ('int_current__process', 'enterprise_process', 'quantity', 'quantity'), ('int_current__output', 'enterprise_output', 'quantity', 'quantity * unit_factor'),
    ] %}
    {% if not loop.first %}union all{% endif %}
    select '{{ source }}' as source, '{{ column }}' as column_name, uscc, cast(slice_year as integer) as year, fact_group as fact, period, period_grain,
        {{ 'months_covered' if source == 'enterprise_output' else '1' }} as months_covered, {{ quantity }} as quantity, batch_id, row_no, superseded_by
    from {{ ref(name) }}
    where conflict is null and fact_group is not null{% if source == 'enterprise_process' %} and role <> '参数'{% endif %}
    {% endfor %}
),

region as (
    {% for name, source, column, fact, quantity in [
        ('int_current__grid_generation', 'grid_generation', 'generation', "division_code || '/' || power_source", 'generation_mwh'),
        ('int_current__grid_exchange', 'grid_exchange', 'quantity', "from_division_code || '-' || to_division_code", 'quantity_mwh'),
        ('int_current__grid_sales', 'grid_sales', 'quantity', "division_code || '/' || industry_code", 'quantity_mwh'),
    ] %}
    {% if not loop.first %}union all{% endif %}
    select '{{ source }}' as source, '{{ column }}' as column_name, cast(null as varchar) as uscc, cast(year(period) as integer) as year, {{ fact }} as fact, period, period_grain,
        months_covered, {{ quantity }} as quantity, batch_id, row_no, superseded_by, is_synthetic
    from {{ ref(name) }}
    where conflict is null and period_grain in ('month', 'year')
    {% endfor %}
),

figure as (
    select * from enterprise
    union all
    select * exclude (is_synthetic) from region
),

-- two yearly figures of one fact: one of them is the year known from December
compared as (
    select source, column_name, uscc, year, fact,
        sum(case when period_grain = 'month' then months_covered end) as months,
        {{ exact_sum("case when period_grain = 'month' then quantity end") }} as by_month,
        {{ exact_sum("case when period_grain = 'year' and coalesce(superseded_by, '') <> 'year' then quantity end") }} as by_year,
        {{ exact_sum("case when period_grain = 'year' and superseded_by = 'year' then quantity end") }} as from_december,
        max(case when period_grain = 'year' and coalesce(superseded_by, '') <> 'year' then period end) as period,
        max_by(batch_id, case when period_grain = 'year' and coalesce(superseded_by, '') <> 'year' then row_no end order by batch_id) as batch_id,
        max(case when period_grain = 'year' and coalesce(superseded_by, '') <> 'year' then row_no end) as row_no
    from figure
    group by source, column_name, uscc, year, fact
),

falling as (
    {% for name, source, column, quantity in [
        ('int_current__output', 'enterprise_output', 'quantity', 'quantity'), ('int_current__grid_generation', 'grid_generation', 'generation', 'generation_mwh'),
        ('int_current__grid_exchange', 'grid_exchange', 'quantity', 'quantity_mwh'), ('int_current__grid_sales', 'grid_sales', 'quantity', 'quantity_mwh'),
    ] %}
    {% if not loop.first %}union all{% endif %}
    select '{{ source }}' as source, '{{ column }}' as column_name, {{ 'uscc' if source == 'enterprise_output' else 'null' }} as uscc, period, batch_id, row_no,
        reported_{{ quantity }} as reported, reported_{{ quantity }} - {{ quantity }} as before
    from {{ ref(name) }}
    where conflict is null and period_kind = '累计' and {{ quantity }} < 0.0{{ " and item <> '工业增加值'" if source == 'enterprise_output' }}
    {% endfor %}
)

select 'Y04-year-and-months-differ' as check_id, c.source, c.batch_id, c.row_no, c.uscc, c.period, c.column_name,
    {{ shown('c.by_year') }} as reported_value, {{ shown('coalesce(c.by_month, c.from_december)') }} as other_value,
    cast(coalesce(c.months, 12) as varchar) as what_zh, cast(coalesce(c.months, 12) as varchar) as what_en
from compared as c
where c.by_year is not null and (
    (coalesce(c.months, 0) >= 12 and abs(c.by_month - c.by_year) > {{ rule_limit('Y04-year-and-months-differ') }} * greatest(abs(c.by_month), abs(c.by_year)))
    or (c.months < 12 and c.by_month - c.by_year > {{ rule_limit('Y04-year-and-months-differ') }} * c.by_year)
    or abs(c.from_december - c.by_year) > {{ rule_limit('Y04-year-and-months-differ') }} * greatest(abs(c.from_december), abs(c.by_year))
)
union all
select 'Y07-year-to-date-falls', f.source, f.batch_id, f.row_no, f.uscc, f.period, f.column_name, {{ shown('f.reported') }}, {{ shown('f.before') }}, null, null
from falling as f
