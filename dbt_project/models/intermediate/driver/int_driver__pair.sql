{{ config(materialized='table') }}
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

-- a real figure rests on real statistics alone. Two years are compared within one series (vintage and label); unlike figures are shown and held.
-- GDP at prices of one year before GDP at current prices, which never stands for constant ones.
{%- set keys = 'p.basis, p.factor_set, p.level, p.code, p.is_synthetic, p.year_0, p.year_1' %}
{% for measure in ['gdp', 'population'] %}
{{ measure }}_pair as (
    select
        {{ keys }}, x_0.value as value_0, x_1.value as value_1, x_0.vintage as vintage_0, x_1.vintage as vintage_1, x_0.price_basis,
        x_0.is_synthetic or x_1.is_synthetic as rests_on_synthetic,
        case
            when x_0.is_synthetic <> x_1.is_synthetic then 'sources_differ'
            when x_0.vintage <> x_1.vintage then 'vintages_differ'
        end as unlike,
        row_number() over (
            partition by {{ keys }}
            order by case when x_0.is_synthetic = x_1.is_synthetic and x_0.vintage = x_1.vintage then 0 else 1 end,
                case x_0.price_basis when 'current' then 1 else 0 end, x_1.standing, x_0.standing, x_0.price_basis desc
        ) as choice
    from pairs as p
    inner join {{ ref('int_driver__economy') }} as x_0
        on x_0.division_code = p.code and x_0.year = p.year_0 and x_0.measure = '{{ measure }}' and x_0.industry = '' and (p.is_synthetic or not x_0.is_synthetic)
    inner join {{ ref('int_driver__economy') }} as x_1
        on x_1.division_code = p.code and x_1.year = p.year_1 and x_1.measure = '{{ measure }}' and x_1.industry = '' and (p.is_synthetic or not x_1.is_synthetic)
        and x_1.price_basis = x_0.price_basis
),
{% endfor %}
measures as (
    select
        p.*, g.value_0 as gdp_0, g.value_1 as gdp_1, g.vintage_0 as gdp_vintage_0, g.vintage_1 as gdp_vintage_1, g.price_basis,
        n.value_0 as population_0, n.value_1 as population_1, n.vintage_0 as population_vintage_0, n.vintage_1 as population_vintage_1,
        case
            when coalesce(g.value_0, 0) <= 0 or coalesce(g.value_1, 0) <= 0 then 'no_gdp'
            when g.unlike is not null then 'gdp_' || g.unlike
            when g.price_basis = 'current' then 'current_prices'
        end as gdp_hold_code,
        case
            when coalesce(n.value_0, 0) <= 0 or coalesce(n.value_1, 0) <= 0 then 'no_population'
            when n.unlike is not null then 'population_' || n.unlike
        end as population_hold_code,
        p.is_synthetic or coalesce(g.rests_on_synthetic, false) or coalesce(n.rests_on_synthetic, false) as any_synthetic
    from pairs as p
    {%- for measure, x in [('gdp', 'g'), ('population', 'n')] %}
    left join {{ measure }}_pair as {{ x }}
        on {{ x }}.basis = p.basis and {{ x }}.factor_set = p.factor_set and {{ x }}.level = p.level and {{ x }}.code = p.code
        and {{ x }}.is_synthetic = p.is_synthetic and {{ x }}.year_0 = p.year_0 and {{ x }}.year_1 = p.year_1 and {{ x }}.choice = 1
    {%- endfor %}
)

select
    m.* exclude (population_hold_code),
    coalesce(m.year_0 = k_1.year_before, false) as is_consecutive,
    coalesce(m.year_0 = k_1.first_year and m.year_1 = k_1.last_year, false) as is_base_to_latest,
    k_0.emission_t as emission_0, k_1.emission_t as emission_1,
    case
        when m.year_0 is null then 'one_year_only'
        else coalesce(k_0.hold_code, k_1.hold_code, m.population_hold_code)
    end as hold_code
from measures as m
inner join known as k_1
    on k_1.basis = m.basis and k_1.factor_set = m.factor_set and k_1.level = m.level and k_1.code = m.code and k_1.year = m.year_1
left join known as k_0
    on k_0.basis = m.basis and k_0.factor_set = m.factor_set and k_0.level = m.level and k_0.code = m.code and k_0.year = m.year_0
