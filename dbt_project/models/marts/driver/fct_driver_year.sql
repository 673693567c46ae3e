-- What changed emissions between two years: additive LMDI-I, for the region (`industry` empty) and each group of industries in it.
with summed as (
    select
        basis, factor_set, level, code, year_0, year_1, case when of_region = 1 then '' else coalesce(industry, 'all') end as industry, min(split_by) as split_by,
        sum(emission_0) as emission_0, sum(emission_1) as emission_1
        {%- for x in driver_factors() %},
        cast(sum({{ decimal_of('x_' ~ x ~ '_effect', 9) }}) as decimal(28, 9)) as {{ x }}_tco2e
        {%- endfor %}
    from {{ ref('int_driver__effect') }}
    cross join (select 1 as of_region union all select 0) as grain
    where of_region = 1 or split_by <> 'none'
    group by basis, factor_set, level, code, year_0, year_1, case when of_region = 1 then '' else coalesce(industry, 'all') end
),

rows_of_both as (
    select
        p.*, coalesce(s.industry, '') as industry, s.split_by,
        case when s.industry <> '' then s.emission_0 else p.emission_0 end as from_tco2e,
        case when s.industry <> '' then s.emission_1 else p.emission_1 end as to_tco2e
        {%- for x in driver_factors() %},
        s.{{ x }}_tco2e
        {%- endfor %}
    from {{ ref('int_driver__pair') }} as p
    left join summed as s
        on s.basis = p.basis and s.factor_set = p.factor_set and s.level = p.level and s.code = p.code and s.year_0 = p.year_0 and s.year_1 = p.year_1
)

select
    cast(r.basis as varchar) as basis, cast(r.factor_set as varchar) as factor_set, cast(r.level as varchar) as level, cast(r.code as varchar) as code,
    cast(r.industry as varchar) as industry, cast(make_date(r.year_1, 1, 1) as date) as period, cast(make_date(r.year_0, 1, 1) as date) as from_period,
    cast(r.is_consecutive as boolean) as is_consecutive, cast(r.is_base_to_latest as boolean) as is_base_to_latest,
    cast(r.split_by as varchar) as split_by,
    cast(r.from_tco2e as decimal(18, 3)) as from_tco2e, cast(r.to_tco2e as decimal(18, 3)) as to_tco2e,
    cast(r.to_tco2e - r.from_tco2e as decimal(18, 3)) as change_tco2e,
    {% for x in driver_factors() -%}
    cast({% if x in ('gdp_per_head', 'structure') %}case when r.gdp_hold_code is null then r.{{ x }}_tco2e end{% else %}r.{{ x }}_tco2e{% endif %} as decimal(28, 9)) as {{ x }}_tco2e,
    {% endfor -%}
    cast(r.to_tco2e - r.from_tco2e - ({% for x in driver_factors() %}r.{{ x }}_tco2e{% if not loop.last %} + {% endif %}{% endfor %}) as decimal(28, 9))
        as residual_tco2e,
    cast(r.population_0 as double) as from_population, cast(r.population_1 as double) as to_population,
    cast(r.population_vintage_0 as varchar) as from_population_vintage, cast(r.population_vintage_1 as varchar) as to_population_vintage,
    cast(r.gdp_0 as double) as from_gdp, cast(r.gdp_1 as double) as to_gdp, cast(r.price_basis as varchar) as price_basis,
    cast(r.gdp_vintage_0 as varchar) as from_gdp_vintage, cast(r.gdp_vintage_1 as varchar) as to_gdp_vintage,
    cast(t_0.coverage as double) as from_coverage, cast(t_1.coverage as double) as to_coverage,
    cast(r.gdp_hold_code as varchar) as gdp_hold_code, cast(r.hold_code as varchar) as hold_code, cast(r.any_synthetic as boolean) as is_synthetic
from rows_of_both as r
left join {{ ref('fct_total_year') }} as t_0
    on r.basis = 'ledger' and t_0.level = r.level and t_0.code = r.code and t_0.period = make_date(r.year_0, 1, 1)
left join {{ ref('fct_total_year') }} as t_1
    on r.basis = 'ledger' and t_1.level = r.level and t_1.code = r.code and t_1.period = make_date(r.year_1, 1, 1)
order by basis, factor_set, level, code, industry, period, from_period
