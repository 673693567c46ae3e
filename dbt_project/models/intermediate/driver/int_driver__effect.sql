{{ config(materialized='table') }}
with cell as (
    select p.year_0, p.year_1, p.is_synthetic as label, case when p.gdp_hold_code is null then p.gdp_0 end as gdp_0, case when p.gdp_hold_code is null then p.gdp_1 end as gdp_1, p.population_0, p.population_1, p.price_basis, c.*
    from {{ ref('int_driver__pair') }} as p
    inner join {{ ref('int_driver__cell') }} as c
        on c.basis = p.basis and c.factor_set = p.factor_set and c.level = p.level and c.code = p.code and c.year in (p.year_0, p.year_1)
    where p.hold_code is null and c.part <> 'held'
),

split as (
    select c.*, s.split_by, s.split_rank,
        case
            when c.economic_group = '居民生活' then '居民生活'
            when s.split_by = 'division' and c.basis = 'ledger' then c.industry
            when s.split_by = 'section' and c.basis = 'ledger' then c.section
            when s.split_by = 'economic_group' then c.economic_group
        end as industry_group
    from cell as c
    cross join (
        select 'division' as split_by, 1 as split_rank union all select 'section', 2 union all select 'economic_group', 3
    ) as s
),

-- value added of each group over GDP of the same series, year and prices: at those of the pair's GDP, else at current prices
share as (
    select
        g.basis, g.factor_set, g.level, g.code, g.year_0, g.year_1, g.split_by, g.split_rank, g.industry_group, v_0.price_basis,
        v_0.value / nullif(y_0.value, 0.0) as share_0, v_1.value / nullif(y_1.value, 0.0) as share_1,
        row_number() over (
            partition by g.basis, g.factor_set, g.level, g.code, g.year_0, g.year_1, g.split_by, g.industry_group
            order by case when v_0.price_basis = g.price_basis then 0 else 1 end, v_0.standing
        ) as choice
    from (
        select distinct basis, factor_set, level, code, year_0, year_1, label, price_basis, split_by, split_rank, industry_group
        from split
        where gdp_0 is not null and (industry_group is null or industry_group <> '居民生活')
    ) as g
    left join {{ ref('int_driver__economy') }} as v_0
        on v_0.division_code = g.code and v_0.year = g.year_0 and v_0.measure = 'value_added' and v_0.industry = g.industry_group
        and v_0.price_basis in (g.price_basis, 'current') and (g.label or not v_0.is_synthetic)
    left join {{ ref('int_driver__economy') }} as v_1
        on v_1.division_code = g.code and v_1.year = g.year_1 and v_1.measure = 'value_added' and v_1.industry = g.industry_group
        and v_1.price_basis = v_0.price_basis and v_1.vintage = v_0.vintage and v_1.is_synthetic = v_0.is_synthetic
    left join {{ ref('int_driver__economy') }} as y_0
        on y_0.division_code = g.code and y_0.year = g.year_0 and y_0.measure = 'gdp' and y_0.industry = '' and y_0.price_basis = v_0.price_basis
        and y_0.vintage = v_0.vintage and y_0.is_synthetic = v_0.is_synthetic
    left join {{ ref('int_driver__economy') }} as y_1
        on y_1.division_code = g.code and y_1.year = g.year_1 and y_1.measure = 'gdp' and y_1.industry = '' and y_1.price_basis = v_0.price_basis
        and y_1.vintage = v_0.vintage and y_1.is_synthetic = v_0.is_synthetic
),

-- the finest split that no group lacks
chosen as (
    select basis, factor_set, level, code, year_0, year_1, min(split_rank) as split_rank
    from (
        select basis, factor_set, level, code, year_0, year_1, split_rank
        from share
        where choice = 1
        group by basis, factor_set, level, code, year_0, year_1, split_rank
        having count(share_0) = count(*) and count(share_1) = count(*)
    ) as complete_splits
    group by basis, factor_set, level, code, year_0, year_1
),

grouped as (
    select
        c.basis, c.factor_set, c.level, c.code, c.year_0, c.year_1, c.part, c.fuel,
        coalesce(s.split_by, 'none') as split_by,
        case when c.economic_group = '居民生活' then '居民生活' else s.industry_group end as industry,
        min(c.gdp_0) as gdp_0, min(c.gdp_1) as gdp_1, min(c.population_0) as population_0, min(c.population_1) as population_1,
        cast(sum(case when c.year = c.year_0 then c.emission_t else 0 end) as decimal(18, 3)) as emission_0,
        cast(sum(case when c.year = c.year_1 then c.emission_t else 0 end) as decimal(18, 3)) as emission_1,
        cast(sum(case when c.year = c.year_0 then c.energy_tce else 0 end) as double) as energy_0,
        cast(sum(case when c.year = c.year_1 then c.energy_tce else 0 end) as double) as energy_1
    from cell as c
    left join chosen as h
        on h.basis = c.basis and h.factor_set = c.factor_set and h.level = c.level and h.code = c.code and h.year_0 = c.year_0 and h.year_1 = c.year_1
    left join split as s
        on s.basis = c.basis and s.factor_set = c.factor_set and s.level = c.level and s.code = c.code and s.year_0 = c.year_0 and s.year_1 = c.year_1
        and s.year = c.year and s.industry = c.industry and s.fuel = c.fuel and s.part = c.part and s.split_rank = h.split_rank
    group by
        c.basis, c.factor_set, c.level, c.code, c.year_0, c.year_1, c.part, c.fuel, coalesce(s.split_by, 'none'),
        case when c.economic_group = '居民生活' then '居民生活' else s.industry_group end
),

related as (
    select g.*, s.share_0, s.share_1,
        cast(g.emission_0 as double) as v_0, cast(g.emission_1 as double) as v_1,
        g.industry is not distinct from '居民生活' or g.gdp_0 is null as per_head,
        {{ exact_sum('g.energy_0', over='partition by g.basis, g.factor_set, g.level, g.code, g.year_0, g.year_1, g.industry, g.part', decimals=6) }} as group_energy_0,
        {{ exact_sum('g.energy_1', over='partition by g.basis, g.factor_set, g.level, g.code, g.year_0, g.year_1, g.industry, g.part', decimals=6) }} as group_energy_1
    from grouped as g
    left join share as s
        on s.choice = 1 and s.basis = g.basis and s.factor_set = g.factor_set and s.level = g.level and s.code = g.code and s.year_0 = g.year_0
        and s.year_1 = g.year_1 and s.split_by = g.split_by and s.industry_group = g.industry
),

factored as (
    select *,
        {%- for y in ['0', '1'] %}
        population_{{ y }} as x_population_{{ y }},
        case when not per_head then gdp_{{ y }} / population_{{ y }} end as x_gdp_per_head_{{ y }},
        case when not per_head then coalesce(share_{{ y }}, 1.0) end as x_structure_{{ y }},
        case when part = 'energy' then group_energy_{{ y }} / nullif(activity_{{ y }}, 0.0) end as x_energy_intensity_{{ y }},
        case when part = 'energy' then energy_{{ y }} / nullif(group_energy_{{ y }}, 0.0) end as x_fuel_mix_{{ y }},
        case when part = 'energy' then v_{{ y }} / nullif(energy_{{ y }}, 0.0) end as x_emission_factor_{{ y }},
        case when part = 'other' then v_{{ y }} / nullif(activity_{{ y }}, 0.0) end as x_process_intensity_{{ y }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from (
        select *,
            {%- for y in ['0', '1'] %}
            case when per_head then population_{{ y }} else gdp_{{ y }} * coalesce(share_{{ y }}, 1.0) end as activity_{{ y }}{% if not loop.last %},{% endif %}
            {%- endfor %}
        from related
    ) as with_activity
)

select * from ({{ lmdi('factored', driver_factors('x_')) }}) as decomposed
