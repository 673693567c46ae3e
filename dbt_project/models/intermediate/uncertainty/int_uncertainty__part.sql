{{ config(materialized='table') }}
{%- set errors = ['error_1', 'width_1', 'error_2', 'width_2', 'error_3', 'width_3', 'error_4', 'width_4'] | join(', ') %}
with factor_of as (
    select kind, part, half_width, row_number() over (partition by kind order by half_width desc, part) as place
    from {{ ref('int_uncertainty__component') }}
    where not is_own and half_width > 0
),

combination as (
    select
        kind
        {%- for n in range(1, 5) %},
        max(case when place = {{ n }} then part end) as error_{{ n }}, max(case when place = {{ n }} then half_width end) as width_{{ n }}
        {%- endfor %}
    from factor_of
    group by kind
),

line as (
    select
        v.level, case v.level when 'province' then t.province_code else t.prefecture_code end as code, l.slice_year, l.measure, l.kind, l.uscc, l.item,
        l.amount, {{ errors }}
    from {{ ref('int_uncertainty__line') }} as l
    inner join {{ ref('int_current__division_tree') }} as t on t.code = l.division_code
    left join combination as k on k.kind = l.kind
    cross join (select 'province' as level union all select 'prefecture') as v
    where l.measure in ('direct_tco2e', 'purchased_power_location_tco2e')
),

own as (
    select
        level, code, slice_year, measure, {{ errors }}, {{ exact_sum('power(cast(moved as double), 2)', decimals=6) }} as own_variance
    from (
        select
            l.level, l.code, l.slice_year, l.measure, {{ errors }}, c.part, l.uscc, l.item,
            sum({{ decimal_of('cast(l.amount as double) * c.half_width', 6, 28) }}) as moved
        from line as l
        inner join {{ ref('int_uncertainty__component') }} as c on c.kind = l.kind and c.is_own
        group by l.level, l.code, l.slice_year, l.measure, {{ errors }}, c.part, l.uscc, l.item
    ) as by_error
    group by level, code, slice_year, measure, {{ errors }}
),

amounts as (
    select level, code, slice_year, measure, {{ errors }}, cast(sum(amount) as double) as amount
    from line
    group by level, code, slice_year, measure, {{ errors }}
),

parts as (
    select
        'ledger' as basis, '' as factor_set, a.level, a.code, make_date(cast(a.slice_year as bigint), 1, 1) as period, a.measure, a.amount,
        sqrt(o.own_variance) as own_moved
        {%- for n in range(1, 5) %}, a.error_{{ n }}, a.width_{{ n }}{% endfor %}
    from amounts as a
    left join own as o
        on o.level = a.level and o.code = a.code and o.slice_year = a.slice_year and o.measure = a.measure
        {%- for n in range(1, 5) %}
        and o.error_{{ n }} is not distinct from a.error_{{ n }} and o.width_{{ n }} is not distinct from a.width_{{ n }}
        {%- endfor %}
    union all
    select
        'inventory', factor_set, level, code, total_period, 'inventory_tco2',
        cast(sum(case when subject = 'factor' then amount else 0 end) as double),
        sqrt(cast(sum(case when subject = 'balance' then {{ decimal_of('power(cast(moved as double), 2)', 6) }} else 0 end) as double)),
        max(case when subject = 'factor' then error end),
        cast(sum(case when subject = 'factor' then moved else 0 end) as double) / nullif(cast(sum(case when subject = 'factor' then amount else 0 end) as double), 0.0)
        {%- for n in range(2, 5) %}, cast(null as varchar), cast(null as double){% endfor %}
    from {{ ref('int_uncertainty__inventory') }} as i
    -- a set that lacks factors makes no total
    where exists (
        select 1 from {{ ref('int_driver__year') }} as y
        where y.basis = 'inventory' and y.factor_set = i.factor_set and y.code = i.code and y.year = year(i.total_period) and y.hold_code is null
    )
    group by factor_set, level, code, total_period, fuel
)

select
    *, basis || '|' || factor_set || '|' || level || '|' || code || '|' || cast(period as varchar) || '|' || measure as cell,
    cast(sum({{ decimal_of('amount', 3, 28) }}) over (partition by basis, factor_set, level, code, period, measure) as varchar) as cell_value
from parts
