{{ config(materialized='table') }}
-- The pairs of years that are compared: each year with the one before it that is known, and the first whole one with the last. Real years are
-- compared with real ones, synthetic with synthetic. `hold_code` says why a pair cannot be taken apart. Population and GDP of both years; prices of one
-- year where such GDP is there for both years, the latest such year first, else current prices, which the row names.
with known as (
    select
        y.*,
        lag(y.year) over (partition by y.basis, y.factor_set, y.level, y.code, y.is_synthetic order by y.year) as year_before,
        count(*) over (partition by y.basis, y.factor_set, y.level, y.code, y.is_synthetic) as years,
        min(case when y.hold_code is null then y.year end) over (partition by y.basis, y.factor_set, y.level, y.code, y.is_synthetic) as first_year,
        max(case when y.hold_code is null then y.year end) over (partition by y.basis, y.factor_set, y.level, y.code, y.is_synthetic) as last_year
    from {{ ref('int_driver__year') }} as y
),

pairs as (
    select basis, factor_set, level, code, is_synthetic, year_before as year_0, year as year_1 from known where year_before is not null or years = 1
    union
    select basis, factor_set, level, code, is_synthetic, first_year, last_year from known where year = last_year and first_year < last_year
),

-- a real figure rests on real statistics alone
measures as (
    select
        p.*, g_0.price_basis, g_0.value as gdp_0, g_1.value as gdp_1, g_0.vintage as gdp_vintage_0, g_1.vintage as gdp_vintage_1,
        n_0.value as population_0, n_1.value as population_1,
        p.is_synthetic or coalesce(g_0.is_synthetic, false) or coalesce(g_1.is_synthetic, false) or coalesce(n_0.is_synthetic, false)
            or coalesce(n_1.is_synthetic, false) as any_synthetic,
        row_number() over (
            partition by p.basis, p.factor_set, p.level, p.code, p.is_synthetic, p.year_0, p.year_1
            order by case when g_1.value is null then 1 else 0 end, case g_1.price_basis when 'current' then 1 else 0 end, g_1.price_basis desc
        ) as choice
    from pairs as p
    left join {{ ref('int_driver__economy') }} as g_0
        on g_0.division_code = p.code and g_0.year = p.year_0 and g_0.measure = 'gdp' and g_0.industry = '' and (p.is_synthetic or not g_0.is_synthetic)
    left join {{ ref('int_driver__economy') }} as g_1
        on g_1.division_code = p.code and g_1.year = p.year_1 and g_1.measure = 'gdp' and g_1.industry = '' and g_1.price_basis = g_0.price_basis
        and (p.is_synthetic or not g_1.is_synthetic)
    left join {{ ref('int_driver__economy') }} as n_0
        on n_0.division_code = p.code and n_0.year = p.year_0 and n_0.measure = 'population' and (p.is_synthetic or not n_0.is_synthetic)
    left join {{ ref('int_driver__economy') }} as n_1
        on n_1.division_code = p.code and n_1.year = p.year_1 and n_1.measure = 'population' and (p.is_synthetic or not n_1.is_synthetic)
)

select
    m.* exclude (choice, gdp_0, gdp_1, population_0, population_1, price_basis),
    coalesce(m.year_0 = k_1.year_before, false) as is_consecutive,
    coalesce(m.year_0 = k_1.first_year and m.year_1 = k_1.last_year, false) as is_base_to_latest,
    k_0.emission_t as emission_0, k_1.emission_t as emission_1, m.population_0, m.population_1,
    case when m.gdp_1 is not null then m.gdp_0 end as gdp_0, m.gdp_1, case when m.gdp_1 is not null then m.price_basis end as price_basis,
    case
        when m.year_0 is null then 'one_year_only'
        when coalesce(k_0.hold_code, k_1.hold_code) is not null then coalesce(k_0.hold_code, k_1.hold_code)
        when coalesce(m.population_0, 0) <= 0 or coalesce(m.population_1, 0) <= 0 then 'no_population'
        when coalesce(m.gdp_0, 0) <= 0 or coalesce(m.gdp_1, 0) <= 0 then 'no_gdp'
    end as hold_code
from measures as m
inner join known as k_1
    on k_1.basis = m.basis and k_1.factor_set = m.factor_set and k_1.level = m.level and k_1.code = m.code and k_1.year = m.year_1
left join known as k_0
    on k_0.basis = m.basis and k_0.factor_set = m.factor_set and k_0.level = m.level and k_0.code = m.code and k_0.year = m.year_0
where m.choice = 1
