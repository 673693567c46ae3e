with observed as (
    select o.target_id, o.value, o.own_value, o.batch_id, o.row_no, cast(null as varchar) as uscc, make_date(o.year, 1, 1) as period
    from {{ ref('int_target__observation') }} as o
    where o.source = 'target_observation' and o.value is not null and o.own_value is not null
        -- the year of a peak is no quantity
        and o.target_id not in (select target_id from {{ ref('target_rule') }} where own_series = 'peak_year')
),

allocated as (
    select r.uscc, make_date(r.year, 1, 1) as period, r.batch_id, r.row_no, r.tonnes, cast(c.computed_allowance_t as double) as computed
    from {{ ref('int_current__allowance') }} as r
    inner join {{ ref('int_carbon_market__compliance_year') }} as c on c.uscc = r.uscc and c.year = r.year
    where r.conflict is null and r.kind = '免费配额'
),

-- what the units of a province generated, by month
unit_month as (
    select division_code, period, {{ exact_sum('generation_mwh', decimals=6) }} as mwh
    from (
        select left(b.division_code, 2) || '0000' as division_code, u.period, u.generation_mwh,
            row_number() over (partition by u.uscc, u.unit_code, u.period order by b.valid_from desc) as recency
        from ({{ counting('int_current__power_unit') }}) as u
        inner join {{ ref('int_current__register') }} as b
            on b.uscc = u.uscc and b.conflict is null and b.valid_from < u.period + interval 1 month
        where u.period_grain = 'month'
    ) as placed
    where recency = 1
    group by division_code, period
),

thermal as (
    select g.batch_id, g.row_no, cast(null as varchar) as uscc, g.period, g.generation_mwh, m.mwh
    from {{ ref('int_current__grid_generation') }} as g
    inner join unit_month as m on m.division_code = g.division_code and m.period = g.period
    where {{ counts('g') }} and g.period_grain = 'month' and g.months_covered = 1 and g.power_source = '火电'
)

select {{ rule_finding('R20-observation-own', 'o', 'value', shown('o.value'), shown('o.own_value'), 'o.target_id', 'o.target_id', source='target_observation') }}
from observed as o
where abs(o.value - o.own_value) > {{ rule_limit('R20-observation-own') }} * abs(o.own_value)
union all
select {{ rule_finding('R81-computed-allowance', 'a', 'tonnes', shown('a.tonnes'), shown('a.computed'), source='allowance') }}
from allocated as a
where abs(a.tonnes - a.computed) > {{ rule_limit('R81-computed-allowance') }} * a.computed
union all
select {{ rule_finding('R20-units-over-statistics', 't', 'generation', shown('t.generation_mwh'), shown('t.mwh'), source='grid_generation') }}
from thermal as t
where t.mwh - t.generation_mwh > {{ rule_limit('R20-units-over-statistics') }} * t.generation_mwh
