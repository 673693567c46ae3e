with year_pair as (
    select t.*, b.intensity as before_intensity
    from {{ ref('int_rule__product_year') }} as t
    inner join {{ ref('int_rule__product_year') }} as b
        on b.uscc = t.uscc and b.item = t.item and b.measure = t.measure and b.route = t.route and b.slice_year = t.slice_year - 1
    where least(t.periods, b.periods) >= {{ rule_limit('R60-intensity', 'least_count') }}
),

account as (
    select uscc, period, slice_year, {{ month_index('period') }} as month_index,
        fuel_tco2e + process_tco2e + product_deduction_tco2e + co2_recovered_tco2e as direct
    from {{ ref('int_account__period') }}
    -- what is held back in one year and not in the other is no movement
    where period_grain = 'month' and held_back_lines = 0
),

emission as (
    select t.uscc, t.slice_year, count(*) as months, max(t.period) as period, cast(sum(t.direct) as double) as direct, cast(sum(b.direct) as double) as before_direct
    from account as t
    inner join account as b on b.uscc = t.uscc and b.month_index = t.month_index - 12
    group by t.uscc, t.slice_year
),

-- how far the enterprise's products moved at most; money and totals of energy are no products
output as (
    select uscc, slice_year, max(abs(quantity / nullif(before_quantity, 0.0) - 1.0)) as moved
    from (
        select t.uscc, t.slice_year, t.series, {{ exact_sum('t.quantity') }} as quantity, {{ exact_sum('b.quantity') }} as before_quantity
        from {{ ref('int_rule__delivered_quantity') }} as t
        inner join {{ ref('int_rule__delivered_quantity') }} as b
            on b.source = t.source and b.uscc = t.uscc and b.series = t.series and b.period_grain = t.period_grain and b.month_index = t.month_index - 12
        where t.source = 'enterprise_output' and t.period_grain = 'month'
            and t.series not in ('工业总产值', '工业增加值', '综合能源消费量')
        group by t.uscc, t.slice_year, t.series
    ) as products
    group by uscc, slice_year
),

moved as (
    select e.*, l.source, l.batch_id, l.row_no,
        row_number() over (partition by e.uscc, e.slice_year order by l.source, l.batch_id, l.row_no) as place
    from emission as e
    inner join output as o on o.uscc = e.uscc and o.slice_year = e.slice_year and o.moved < {{ rule_limit('R60-emission', 'lower_limit') }}
    inner join {{ ref('int_rule__delivered_quantity') }} as l on l.uscc = e.uscc and l.period = e.period and l.period_grain = 'month'
    where e.months >= {{ rule_limit('R60-emission', 'least_count') }} and e.before_direct > 0.0
        and abs(e.direct / e.before_direct - 1.0) > {{ rule_limit('R60-emission') }}
)

select {{ rule_finding('P01-product-intensity', 'p', 'quantity', shown('p.intensity') ~ " || ' ' || p.unit", shown('p.lower_limit') ~ " || '-' || " ~ shown('p.upper_limit'), 'p.name_zh', 'p.name_en') }}
from {{ ref('int_rule__product_year') }} as p
where p.intensity < p.lower_limit or p.intensity > p.upper_limit
union all
select {{ rule_finding('R60-intensity', 'y', 'quantity', shown('y.intensity') ~ " || ' ' || y.unit", shown('y.before_intensity'), 'y.name_zh', 'y.name_en') }}
from year_pair as y
where abs(y.intensity / nullif(y.before_intensity, 0.0) - 1.0) > {{ rule_limit('R60-intensity') }}
union all
select {{ rule_finding('R60-emission', 'm', 'consumed', shown('m.direct'), shown('m.before_direct')) }}
from moved as m
where m.place = 1
