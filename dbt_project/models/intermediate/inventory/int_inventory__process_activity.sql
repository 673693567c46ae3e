with matched as (
    select
        s.division_code, s.year, n.activity, a.ledger, a.unit, a.yields_to, s.industry_code, s.indicator, s.unit as reported_unit,
        s.value, s.is_synthetic, u.factor, u.ch4_reference_temp_c,
        n.industry_code = '' as for_all
    from {{ ref('int_statistics__year') }} as s
    inner join (
        select n.indicator, coalesce(n.industry_code, '') as industry_code, n.activity,
            max(case when coalesce(n.industry_code, '') <> '' then 1 else 0 end) over (partition by n.indicator) as by_industry
        from {{ ref('inventory_activity_name') }} as n
    ) as n on n.indicator = replace(s.indicator, ' ', '') and (
        n.by_industry = 0
        or n.industry_code = left(s.industry_code, 2)
        or (n.industry_code = '*' and s.industry_code <> '' and not exists (
            select 1 from {{ ref('inventory_activity_name') }} as x
            where x.indicator = n.indicator and x.industry_code = left(s.industry_code, 2)
        ))
    )
    inner join {{ ref('inventory_activity') }} as a on a.activity = n.activity and a.ledger <> 'none'
    inner join {{ ref('unit') }} as u
        on u.unit_key = lower(replace(s.unit, ' ', '')) and u.dimension = {{ dimension_of('a.unit') }}
),

-- where a real figure is known for a division and year, synthetic ones stay out
labelled as (
    select *, min(case when is_synthetic then 1 else 0 end) over (partition by division_code, year) = 0 as has_real
    from matched
),

-- CH4 is weighed at 20 C: a volume at 0 C is that of the same mass (7.17 t and 6.7 t per 1e4 m3)
measured as (
    select *,
        {{ decimal_of("cast(value as double) * factor * case when activity like 'mine_gas%' and ch4_reference_temp_c = 0 then 7.17 / 6.7 else 1.0 end", 6) }} as quantity,
        row_number() over (
            partition by division_code, year, activity
            order by is_synthetic, case when industry_code = '' then 0 else 1 end, indicator, industry_code, reported_unit
        ) as choice,
        activity like 'cod%' and industry_code <> '' as adds_up
    from labelled
    where not (has_real and is_synthetic)
),

counted as (
    select
        division_code, year, activity, min(unit) as unit, min(yields_to) as yields_to, min(ledger) as ledger,
        cast(sum(quantity) as decimal(38, 6)) as quantity,
        max(case when is_synthetic then 1 else 0 end) = 1 as is_synthetic
    from measured
    where choice = 1 or adds_up
    group by division_code, year, activity
)

select
    c.division_code, c.year, c.activity as product, c.ledger, c.quantity as activity_quantity, c.unit as activity_unit,
    exists (
        select 1 from counted as o
        where o.division_code = c.division_code and o.year = c.year and (c.is_synthetic or not o.is_synthetic)
            and position('|' || o.activity || '|' in '|' || c.yields_to || '|') > 0
    ) as yields,
    c.is_synthetic
from counted as c
