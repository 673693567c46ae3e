-- 95 % intervals of every yearly total (ledger by level and enterprise, inventory by factor set) and of intensities, with the Monte Carlo check beside.
-- An intensity adds the error of its denominator: GDP, or the output that was reported.
with total as (
    select *, '' as detail, case measure when 'inventory_tco2' then 'tCO2' else 'tCO2e' end as unit
    from {{ ref('int_uncertainty__year') }}
),

ratio_row as (
    select
        p.basis, p.factor_set, p.level, p.code, p.period, 'co2_intensity' as measure, p.price_basis as detail, 'tCO2e/1e4 CNY' as unit,
        p.co2_intensity as value, case p.basis when 'ledger' then 'direct_tco2e' else 'inventory_tco2' end as numerator,
        'gdp' as denominator, coalesce(p.gdp_vintage, '') as vintage, p.is_synthetic
    from {{ ref('fct_carbon_productivity_year') }} as p
    where p.co2_intensity is not null
    union all
    select
        'ledger', '', 'enterprise', e.uscc, e.period, 'ets_intensity', e.product_zh, 'tCO2e/t', e.intensity, 'ets_direct_tco2e', 'output', '', e.is_synthetic
    from {{ ref('fct_ets_industry_year') }} as e
    where e.intensity is not null
),

denominator_kind as (
    select distinct 'statistic' as subject, denominator as component, vintage as detail, '*' as wide_detail, '*' as tier from ratio_row
),

-- relative variances, times the square of the ratio
ratio as (
    select
        r.basis, r.factor_set, r.level, r.code, r.period, r.measure, r.value,
        power(r.value, 2) * (t.relative_variance + power(d.half_width, 2)) as variance, power(r.value, 2) * t.relative_factor as factor_variance,
        power(r.value, 2) * (t.relative_independent + power(d.half_width, 2)) as independent_variance,
        case when power(d.half_width, 2) > t.relative_largest then 'statistic:' || r.denominator || ':' || r.code else t.largest_error end as largest_error,
        power(r.value, 2) * greatest(power(d.half_width, 2), t.relative_largest) as largest_variance,
        r.is_synthetic, r.detail, r.unit
    from ratio_row as r
    inner join (
        select
            basis, factor_set, level, code, period, measure, largest_error,
            coalesce(variance, 0.0) / power(cast(value as double), 2) as relative_variance,
            coalesce(factor_variance, 0.0) / power(cast(value as double), 2) as relative_factor,
            coalesce(independent_variance, 0.0) / power(cast(value as double), 2) as relative_independent,
            coalesce(largest_variance, 0.0) / power(cast(value as double), 2) as relative_largest
        from total
        where value <> 0
    ) as t
        on t.basis = r.basis and t.factor_set = r.factor_set and t.level = r.level and t.code = r.code and t.period = r.period and t.measure = r.numerator
    inner join ({{ with_half_width('denominator_kind') }}) as d on d.component = r.denominator and d.detail = r.vintage
),

rows_of_both as (
    select
        basis, factor_set, level, code, period, measure, cast(value as double) as value, variance, factor_variance, independent_variance, largest_error,
        largest_variance, is_synthetic, detail, unit
    from total
    union all
    select * from ratio
)

select
    cast(v.basis as varchar) as basis, cast(v.factor_set as varchar) as factor_set, cast(v.level as varchar) as level, cast(v.code as varchar) as code,
    cast(v.period as date) as period, cast(v.measure as varchar) as measure, cast(v.detail as varchar) as detail, cast(v.unit as varchar) as unit,
    {{ interval_columns('v.value', 'v') }},
    cast(s.low as double) as mc_low, cast(s.high as double) as mc_high, cast(s.draws as bigint) as mc_draws,
    cast(v.is_synthetic as boolean) as is_synthetic
from rows_of_both as v
left join {{ ref('int_uncertainty__simulated') }} as s
    on s.basis = v.basis and s.factor_set = v.factor_set and s.level = v.level and s.code = v.code and s.period = v.period and s.measure = v.measure
order by basis, factor_set, level, code, period, measure, detail
