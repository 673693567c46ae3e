with product_year as (
    {{ with_body(ref('int_rule__product_year')) }}
),

-- one body over time: before a merger its members together
body_year as (
    select body_uscc, item, measure, route, slice_year, sum(periods) as periods, {{ exact_sum('amount') }} / {{ exact_sum('quantity') }} as intensity
    from product_year
    group by body_uscc, item, measure, route, slice_year
),

year_pair as (
    select p.* exclude (intensity), t.intensity, b.intensity as before_intensity,
        row_number() over (partition by p.body_uscc, p.item, p.measure, p.route, p.slice_year order by p.period desc, p.uscc) as place
    from body_year as t
    inner join body_year as b
        on b.body_uscc = t.body_uscc and b.item = t.item and b.measure = t.measure and b.route = t.route and b.slice_year = t.slice_year - 1
    inner join product_year as p
        on p.body_uscc = t.body_uscc and p.item = t.item and p.measure = t.measure and p.route = t.route and p.slice_year = t.slice_year
    where least(t.periods, b.periods) >= {{ rule_limit('R60-intensity', 'least_count') }}
),

account_period as (
    {{ with_body(ref('int_account__period')) }}
),

account as (
    select body_uscc, period, slice_year, {{ month_index('period') }} as month_index,
        sum(fuel_tco2e + process_tco2e + product_deduction_tco2e + co2_recovered_tco2e) as direct
    from account_period
    where period_grain = 'month'
    group by body_uscc, period, slice_year
    -- what is held back in one year and not in the other is no movement
    having max(held_back_lines) = 0
),

emission as (
    select t.body_uscc, t.slice_year, count(*) as months, max(t.period) as period, cast(sum(t.direct) as double) as direct, cast(sum(b.direct) as double) as before_direct
    from account as t
    inner join account as b on b.body_uscc = t.body_uscc and b.month_index = t.month_index - 12
    group by t.body_uscc, t.slice_year
),

made as (
    select body_uscc, slice_year, series, month_index, {{ exact_sum('quantity') }} as quantity
    from {{ ref('int_rule__delivered_quantity') }}
    where source = 'enterprise_output' and period_grain = 'month'
        and series not in ('工业总产值', '工业增加值', '综合能源消费量')
    group by body_uscc, slice_year, series, month_index
),

-- how far the enterprise's products moved at most; money and totals of energy are no products
output as (
    select body_uscc, slice_year, max(abs(quantity / nullif(before_quantity, 0.0) - 1.0)) as moved
    from (
        select t.body_uscc, t.slice_year, t.series, {{ exact_sum('t.quantity') }} as quantity, {{ exact_sum('b.quantity') }} as before_quantity
        from made as t
        inner join made as b on b.body_uscc = t.body_uscc and b.series = t.series and b.month_index = t.month_index - 12
        group by t.body_uscc, t.slice_year, t.series
    ) as products
    group by body_uscc, slice_year
),

moved as (
    select e.*, l.uscc, l.source, l.batch_id, l.row_no,
        row_number() over (partition by e.body_uscc, e.slice_year order by l.source, l.batch_id, l.row_no) as place
    from emission as e
    inner join output as o on o.body_uscc = e.body_uscc and o.slice_year = e.slice_year and o.moved < {{ rule_limit('R60-emission', 'lower_limit') }}
    inner join {{ ref('int_rule__delivered_quantity') }} as l on l.body_uscc = e.body_uscc and l.period = e.period and l.period_grain = 'month'
    where e.months >= {{ rule_limit('R60-emission', 'least_count') }} and e.before_direct > 0.0
        and abs(e.direct / e.before_direct - 1.0) > {{ rule_limit('R60-emission') }}
)

select {{ rule_finding('P01-product-intensity', 'p', 'quantity', shown('p.intensity') ~ " || ' ' || p.unit", shown('p.lower_limit') ~ " || '-' || " ~ shown('p.upper_limit'), 'p.name_zh', 'p.name_en') }}
from {{ ref('int_rule__product_year') }} as p
where p.intensity < p.lower_limit or p.intensity > p.upper_limit
union all
select {{ rule_finding('R60-intensity', 'y', 'quantity', shown('y.intensity') ~ " || ' ' || y.unit", shown('y.before_intensity'), 'y.name_zh', 'y.name_en') }}
from year_pair as y
where y.place = 1 and abs(y.intensity / nullif(y.before_intensity, 0.0) - 1.0) > {{ rule_limit('R60-intensity') }}
union all
select {{ rule_finding('R60-emission', 'm', 'consumed', shown('m.direct'), shown('m.before_direct')) }}
from moved as m
where m.place = 1
