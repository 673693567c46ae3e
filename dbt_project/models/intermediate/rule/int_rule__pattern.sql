with running as (
    select *, quantity as value from {{ ref('int_rule__reported_figure') }} where running_sum
),

to_date as (
    {{ looks_to_date('running', ['source', 'column_name', 'source_zh', 'source_en', 'owner', 'uscc', 'series'], begun=true) }}
),

paired as (
    select t.source, t.column_name, t.source_zh, t.source_en, t.owner, t.uscc, t.series, t.year,
        count(*) as months, count(case when abs(t.quantity - l.quantity) <= 1e-9 * abs(l.quantity) then 1 end) as equal_months,
        count(distinct t.quantity) as figures, sum(t.digits) as digits, max(t.period) as period, max_by(t.batch_id, t.period order by t.batch_id, t.row_no) as batch_id, max_by(t.row_no, t.period order by t.batch_id, t.row_no) as row_no
    from {{ ref('int_rule__reported_figure') }} as t
    inner join {{ ref('int_rule__reported_figure') }} as l
        on l.source = t.source and l.owner = t.owner and l.series = t.series and l.month_index = t.month_index - 12
    where t.copied_year
    group by t.source, t.column_name, t.source_zh, t.source_en, t.owner, t.uscc, t.series, t.year
),

-- the figures of a year in one text: equal texts are equal years
told as (
    select source, column_name, source_zh, source_en, uscc, series, year, count(distinct quantity) as figures, count(*) as months, sum(digits) as digits,
        {{ dbt.listagg("month || ':' || " ~ rounded('quantity', 9) ~ "", "';'", 'order by month') }} as content,
        max(period) as period, max_by(batch_id, period order by batch_id, row_no) as batch_id, max_by(row_no, period order by batch_id, row_no) as row_no
    from {{ ref('int_rule__reported_figure') }}
    where copied_enterprise
    group by source, column_name, source_zh, source_en, uscc, series, year
),

twins as (
    select *, min(uscc) over same_figures as first_uscc, max(uscc) over same_figures as last_uscc,
        min(body_uscc) over same_figures as first_body, max(body_uscc) over same_figures as last_body
    from ({{ with_body('told') }}) as t
    where figures >= {{ rule_limit('Y03-copied-enterprise', 'least_count') }} and digits >= {{ rule_limit('Y03-copied-enterprise', 'lower_limit') }}
    window same_figures as (partition by source, series, year, content)
)

select 'Y01-looks-year-to-date' as check_id, t.source, t.batch_id, t.row_no, t.uscc, make_date(t.year, cast(t.last_month as integer), 1) as period, t.column_name,
    {{ shown('t.last_value') }} as reported_value, {{ shown('t.first_value') }} as other_value,
    t.source_zh || coalesce('“' || nullif(t.series, '') || '”', '') as what_zh, t.source_en || coalesce(' ' || nullif(t.series, ''), '') as what_en
from to_date as t
union all
select 'Y02-copied-year', p.source, p.batch_id, p.row_no, p.uscc, p.period, p.column_name, cast(p.months as varchar), cast(p.year - 1 as varchar),
    p.source_zh || coalesce('“' || nullif(p.series, '') || '”', ''), p.source_en || coalesce(' ' || nullif(p.series, ''), '')
from paired as p
where p.months = p.equal_months and p.months >= {{ rule_limit('Y02-copied-year', 'least_count') }} and p.figures >= 3
    and p.digits >= {{ rule_limit('Y02-copied-year', 'lower_limit') }}
union all
select 'Y03-copied-enterprise', w.source, w.batch_id, w.row_no, w.uscc, w.period, w.column_name, cast(w.months as varchar),
    case when w.uscc = w.first_uscc then w.last_uscc else w.first_uscc end,
    w.source_zh || coalesce('“' || nullif(w.series, '') || '”', ''), w.source_en || coalesce(' ' || nullif(w.series, ''), '')
from twins as w
-- members of one body may tell of the same year
where w.first_uscc <> w.last_uscc and w.first_body <> w.last_body
