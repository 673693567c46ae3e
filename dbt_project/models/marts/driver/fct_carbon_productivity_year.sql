-- GDP and energy against emissions, by year and region, one row for each price basis of GDP; decoupling (Tapio 2005) against the year before that
-- is known in the same series (vintage and label) at the same prices. Current prices hold inflation: there is no growth at them.
with valued as (
    select
        y.basis, y.factor_set, y.level, y.code, y.year, y.emission_t, y.energy_tce, y.hold_code, y.is_synthetic as label,
        coalesce(g.price_basis, '') as price_basis, g.value as gdp, g.vintage as gdp_vintage,
        coalesce(g.vintage, '') || case when g.is_synthetic then ' synthetic' else '' end as series, coalesce(g.standing, 0) as standing,
        y.is_synthetic or coalesce(g.is_synthetic, false) as is_synthetic,
        case when y.hold_code is null then cast(y.emission_t as double) / nullif(g.value, 0.0) end as intensity
    from {{ ref('int_driver__year') }} as y
    left join {{ ref('int_driver__economy') }} as g
        on g.division_code = y.code and g.year = y.year and g.measure = 'gdp' and g.industry = '' and (y.is_synthetic or not g.is_synthetic)
),

compared as (
    select
        v.*,
        min(case when intensity is not null then year end) over (partition by basis, factor_set, level, code, label, price_basis, series) as base_year,
        lag(year) over (partition by basis, factor_set, level, code, label, price_basis, series order by year) as year_before,
        lag(case when hold_code is null then emission_t end) over (partition by basis, factor_set, level, code, label, price_basis, series order by year) as emission_before,
        lag(gdp) over (partition by basis, factor_set, level, code, label, price_basis, series order by year) as gdp_before,
        lag(is_synthetic) over (partition by basis, factor_set, level, code, label, price_basis, series order by year) as synthetic_before
    from valued as v
),

grown as (
    select *,
        max(case when year = base_year then intensity end) over (partition by basis, factor_set, level, code, label, price_basis, series) as base_intensity,
        case when hold_code is null then cast(emission_t - emission_before as double) / nullif(cast(emission_before as double), 0.0) end as emission_growth,
        case when price_basis <> 'current' then (gdp - gdp_before) / nullif(gdp_before, 0.0) end as gdp_growth,
        row_number() over (partition by basis, factor_set, level, code, label, price_basis, year order by standing, series) as choice,
        min(year) over (partition by basis, factor_set, level, code, label, price_basis) < year as has_year_before
    from compared
),

elastic as (
    select *, emission_growth / nullif(gdp_growth, 0.0) as elasticity
    from grown
)

select
    cast(e.basis as varchar) as basis, cast(e.factor_set as varchar) as factor_set, cast(e.level as varchar) as level, cast(e.code as varchar) as code,
    cast(make_date(e.year, 1, 1) as date) as period, cast(e.price_basis as varchar) as price_basis, cast(e.gdp_vintage as varchar) as gdp_vintage,
    cast(e.gdp as double) as carbon_productivity_num, cast(e.emission_t as decimal(18, 3)) as carbon_productivity_den,
    cast(case when e.hold_code is null then e.gdp / nullif(cast(e.emission_t as double), 0.0) end as double) as carbon_productivity,
    cast(e.energy_tce as decimal(28, 6)) as energy_intensity_num, cast(e.gdp as double) as energy_intensity_den,
    cast(case when coalesce(e.hold_code, '') <> 'incomplete_year' then cast(e.energy_tce as double) / nullif(e.gdp, 0.0) end as double) as energy_intensity,
    cast(e.emission_t as decimal(18, 3)) as co2_intensity_num, cast(e.gdp as double) as co2_intensity_den,
    cast(e.intensity as double) as co2_intensity,
    cast(make_date(e.base_year, 1, 1) as date) as base_period,
    cast(e.base_intensity as double) as base_co2_intensity,
    cast(case when e.price_basis <> 'current' and (e.year_before is not null or not e.has_year_before) then e.intensity / nullif(e.base_intensity, 0.0) - 1.0 end as double) as co2_intensity_change,
    cast(make_date(e.year_before, 1, 1) as date) as previous_period,
    cast(e.emission_t - e.emission_before as decimal(18, 3)) as emission_growth_num, cast(e.emission_before as decimal(18, 3)) as emission_growth_den,
    cast(e.emission_growth as double) as emission_growth,
    cast(case when e.price_basis <> 'current' then e.gdp - e.gdp_before end as double) as gdp_growth_num,
    cast(case when e.price_basis <> 'current' then e.gdp_before end as double) as gdp_growth_den,
    cast(e.gdp_growth as double) as gdp_growth,
    cast(e.elasticity as double) as elasticity, cast(s.state as varchar) as decoupling_state,
    cast(s.name_zh as varchar) as decoupling_state_zh,
    cast(s.name_en as varchar) as decoupling_state_en,
    cast(case
        when coalesce(e.gdp, 0.0) <= 0.0 then 'no_gdp'
        when e.hold_code is not null then e.hold_code
        when e.year_before is null and e.has_year_before then 'vintages_differ'
        when e.year_before is null then 'first_year'
        when e.price_basis = 'current' then 'current_prices'
        when e.gdp_growth = 0.0 then 'gdp_unchanged'
        when coalesce(e.emission_before, 0) <= 0 then 'no_emission_before'
    end as varchar) as hold_code,
    cast(e.is_synthetic or coalesce(e.synthetic_before, false) as boolean) as is_synthetic
from elastic as e
left join {{ ref('decoupling_state') }} as s
    on e.emission_before > 0 and s.gdp_rises = (e.gdp_growth > 0.0)
    and (s.lower is null or e.elasticity > s.lower or (s.lower_included and e.elasticity = s.lower))
    and (s.upper is null or e.elasticity < s.upper or (s.upper_included and e.elasticity = s.upper))
    and e.elasticity is not null
where e.choice = 1
order by basis, factor_set, level, code, period, price_basis
