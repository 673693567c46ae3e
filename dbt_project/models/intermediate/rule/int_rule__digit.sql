with figures as (
    select source, uscc, series, slice_year, period, batch_id, row_no, {{ rounded('quantity', 6) }} as quantity
    from {{ ref('int_rule__delivered_quantity') }}
    where period_grain = 'month' and quantity > 0.0 and quantity < 1e9
),

-- a series is written with the decimals of its longest figure: a stored number has lost its trailing zeros
written as (
    select *, max(case when cast(quantity as varchar) like '%.%' and cast(quantity as varchar) not like '%.0'
        then length(split_part(cast(quantity as varchar), '.', 2)) else 0 end) over (partition by source, uscc, series) as decimals
    from figures
),

-- a figure that comes again, in its series or in another form, says nothing new; of three digits and fewer the last one is not free
last_digit as (
    select distinct uscc, slice_year, cast(round(quantity * pow(10, decimals)) as bigint) as figure
    from written
    where round(quantity * pow(10, decimals)) >= 1000
),

last_count as (
    select uscc, slice_year, figure % 10 as digit, count(*) as n from last_digit group by uscc, slice_year, figure % 10
),

last_test as (
    select uscc, slice_year, sum(n) as figures, 10.0 * sum(n * n) / sum(n) - sum(n) as chi_square
    from last_count
    group by uscc, slice_year
),

first_digit as (
    select uscc, slice_year, source, series,
        cast(floor(quantity / pow(10, floor(log10(quantity)))) as bigint) as digit, quantity
    from written
),

shares as (
    select f.uscc, f.slice_year, f.digit, {{ exact_sum('1.0 / s.figures', decimals=12) }} as weight
    from first_digit as f
    inner join (
        select uscc, slice_year, source, series, count(*) as figures from first_digit group by uscc, slice_year, source, series
    ) as s on s.uscc = f.uscc and s.slice_year = f.slice_year and s.source = f.source and s.series = f.series
    group by f.uscc, f.slice_year, f.digit
),

spread as (
    select uscc, slice_year, count(distinct source || '/' || series) as series_count, log10(max(quantity) / min(quantity)) as decades
    from first_digit
    group by uscc, slice_year
),

-- a digit that no figure begins with adds its whole expectation
first_test as (
    select p.uscc, p.slice_year, max(p.series_count) as series_count,
        {{ exact_sum('power(coalesce(s.weight, 0.0) - p.series_count * log10(1.0 + 1.0 / d.digit), 2) / (p.series_count * log10(1.0 + 1.0 / d.digit))', decimals=12) }} as chi_square
    from spread as p
    cross join (select unnest(generate_series(1, 9)) as digit) as d
    left join shares as s on s.uscc = p.uscc and s.slice_year = p.slice_year and s.digit = d.digit
    where p.decades >= {{ rule_limit('R62-first-digit', 'lower_limit') }}
    group by p.uscc, p.slice_year
),

-- told on the last row of the year
place as (
    select *, row_number() over (partition by uscc, slice_year order by period desc, source, batch_id, row_no) as place from figures
)

select {{ rule_finding('R62-last-digit', 'p', 'quantity', shown('t.chi_square'), 't.figures') }}
from last_test as t
inner join place as p on p.uscc = t.uscc and p.slice_year = t.slice_year and p.place = 1
where t.figures >= {{ rule_limit('R62-last-digit', 'least_count') }} and {{ rounded('t.chi_square', 6) }} > {{ rule_limit('R62-last-digit') }}
union all
select {{ rule_finding('R62-first-digit', 'p', 'quantity', shown('t.chi_square', 3), 't.series_count') }}
from first_test as t
inner join place as p on p.uscc = t.uscc and p.slice_year = t.slice_year and p.place = 1
where t.series_count >= {{ rule_limit('R62-first-digit', 'least_count') }} and {{ rounded('t.chi_square', 6) }} > {{ rule_limit('R62-first-digit') }}
