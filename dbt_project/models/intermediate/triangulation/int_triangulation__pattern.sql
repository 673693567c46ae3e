with estimate as (
    {{ with_body(ref('int_triangulation__estimate')) }}
),

-- a series goes on under the successor's code
series as (
    select uscc, series_uscc, quantity, period, high as value,
        lag(period) over w as period_before, lag(high) over w as value_before,
        count(*) over twelve as months, min(high) over twelve as least, max(high) over twelve as greatest,
        {{ exact_sum('high', over='partition by series_uscc, quantity order by period, uscc rows between 11 preceding and current row') }} / count(*) over twelve as mean,
        row_number() over w as nth,
        count(*) over earlier as earlier_months, median(high) over earlier as earlier_median
    from estimate
    where estimate_source = 'account' and high > 0
    window w as (partition by series_uscc, quantity order by period, uscc),
        twelve as (partition by series_uscc, quantity order by period, uscc rows between 11 preceding and current row),
        earlier as (partition by series_uscc, quantity order by period, uscc rows between 6 preceding and 1 preceding)
),

-- standard deviation of twelve months beside their mean
spread as (
    select t.uscc, t.quantity, t.period, sqrt({{ exact_sum('power(b.value / t.mean - 1.0, 2)', decimals=12) }} / 11.0) as variation
    from series as t
    inner join series as b on b.series_uscc = t.series_uscc and b.quantity = t.quantity and b.nth between t.nth - 11 and t.nth
    where t.months = 12 and t.least < t.greatest
    group by t.uscc, t.quantity, t.period
),

modes as (
    select uscc, period, case when fuel_group = 'coal' then 'coal' else fuel_code end as quantity,
        max(case when parameter_basis = '实测' then 1 else 0 end) as measured,
        max(case when parameter_basis = '缺省' then 1 else 0 end) as defaulted
    from {{ ref('int_current__energy') }}
    where {{ counts() }} and period_grain = 'month'
    group by uscc, period, case when fuel_group = 'coal' then 'coal' else fuel_code end
    union all
    select uscc, period, case when fuel_group = 'coal' then 'coal' else fuel_code end,
        max(case when carbon_tc_per_unit is not null then 1 else 0 end), max(case when carbon_tc_per_unit is null then 1 else 0 end)
    from {{ ref('int_current__power_unit') }}
    where {{ counts() }} and period_grain = 'month'
    group by uscc, period, case when fuel_group = 'coal' then 'coal' else fuel_code end
),

downgrades as (
    select distinct uscc, quantity, period
    from (
        select *, max(measured) over (partition by series_uscc, quantity order by period, uscc rows between unbounded preceding and 1 preceding) as was_measured
        from (
            select uscc, series_uscc, quantity, period, max(measured) as measured, max(defaulted) as defaulted
            from ({{ with_body('modes') }}) as b
            group by uscc, series_uscc, quantity, period
        ) as m
    ) as p
    where was_measured = 1 and measured = 0 and defaulted = 1
)

select uscc, quantity, period, 'twelve_identical' as pattern from series where months = 12 and least = greatest
union all
select uscc, quantity, period, 'copied_month' from series
where value = value_before and period_before = cast(period - interval 1 month as date) and not (months = 12 and least = greatest)
union all
select uscc, quantity, period, 'too_smooth' from spread where variation < (select tolerance from {{ ref('series_pattern') }} where pattern = 'too_smooth')
union all
select uscc, quantity, period, 'power_of_ten' from series
where earlier_months >= 3 and earlier_median > 0
    and abs(round(log10(value / earlier_median))) >= 1
    and abs(log10(value / earlier_median) - round(log10(value / earlier_median))) < (select tolerance from {{ ref('series_pattern') }} where pattern = 'power_of_ten')
union all
select uscc, quantity, period, 'last_digits' from {{ ref('int_triangulation__last_digit') }} where chi_square > {{ rule_limit('R62-last-digit') }}
union all
select uscc, quantity, period, 'mode_downgrade' from downgrades
