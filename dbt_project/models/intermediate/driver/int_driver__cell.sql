{{ config(materialized='table') }}
with ledger_line as (
    select
        cast(l.slice_year as integer) as year, t.province_code, t.prefecture_code, coalesce(left(l.industry_code, 2), 'unknown') as industry, l.item as fuel,
        l.emission_source = 'biomass_memo' as is_memo, l.emission_common_tco2e,
        case
            when l.emission_source in ('fuel', 'biomass_memo') and l.energy_tce is not null
                then l.energy_tce * coalesce((e.consumed - e.feedstock - e.transformation_input) / nullif(e.consumed - e.transformation_input, 0.0), 1.0)
        end as burned_tce,
        l.is_synthetic
    from {{ ref('int_ledger__line') }} as l
    inner join {{ ref('int_current__division_tree') }} as t on t.code = l.division_code
    left join {{ ref('int_current__energy') }} as e
        on e.batch_id = l.batch_id and e.row_no = l.row_no and l.delivery_source = 'enterprise_energy'
    where l.hold is null and l.emission_source in ('fuel', 'process', 'product_deduction', 'co2_recovered', 'biomass_memo')
),

-- tce per t and per 1e4 Nm3: the coefficient of its own, else the calorific value of ndrc-2015
coal_equivalent as (
    select fuel_code, min(tce_per_unit) as tce_per_unit
    from (
        select
            b.fuel_code,
            case
                when f.kind = 'tce' and f.unit = 'kgce/kg' and b.canonical_unit = 't' then f.value
                when f.kind = 'tce' and f.unit = 'kgce/m3' and b.canonical_unit = '1e4 Nm3' then f.value * 10.0
                when f.kind = 'ncv' and lower(replace(f.unit, ' ', '')) = lower(replace('GJ/' || b.canonical_unit, ' ', '')) then f.value / 29.3076
            end as tce_per_unit,
            rank() over (
                partition by b.fuel_code
                order by case f.kind when 'tce' then 0 else 1 end, f.is_unconfirmed, f.is_synthetic, f.data_year desc nulls last,
                    f.valid_from desc nulls last, f.received_at desc, f.factor_id
            ) as choice
        from {{ ref('balance_fuel') }} as b
        left join {{ ref('inventory_fuel_map') }} as m on m.balance_fuel_code = b.fuel_code
        inner join {{ ref('int_factor__current') }} as f
            on f.item = coalesce(nullif(m.fuel_code, ''), b.fuel_code)
            and ((f.kind = 'tce' and f.unit in ('kgce/kg', 'kgce/m3')) or (f.kind = 'ncv' and f.method_version = 'ndrc-2015'))
        where b.is_burned or b.fuel_code in (select fuel_code from {{ ref('inventory_fuel_as') }})
    ) as candidates
    where choice = 1
    group by fuel_code
),

rows_of_both as (
    select
        'ledger' as basis, '' as factor_set, level, case level when 'province' then province_code else prefecture_code end as code, year, industry, fuel,
        case when burned_tce is null then 'other' else 'energy' end as part,
        case when is_memo then 0 else emission_common_tco2e end as emission_t,
        {{ decimal_of('coalesce(burned_tce, 0.0)', 6, 28) }} as energy_tce, is_synthetic
    from ledger_line
    cross join (select 'province' as level union all select 'prefecture') as levels
    union all
    select
        'inventory', i.factor_set, case when i.division_code like '%0000' then 'province' else 'prefecture' end, i.division_code, i.year, i.sector, i.fuel,
        case when i.emission_tco2 is null then 'held' when c.tce_per_unit is null or i.sector = 'process' then 'other' else 'energy' end,
        coalesce(i.emission_tco2, 0),
        case
            when i.sector = 'process' then 0
            else {{ decimal_of('coalesce(cast(i.activity_quantity as double) * c.tce_per_unit, 0.0)', 6, 28) }}
        end,
        i.is_synthetic
    from {{ ref('int_inventory__emission') }} as i
    left join coal_equivalent as c on c.fuel_code = i.fuel
    where i.has_balance
)

select
    r.basis, r.factor_set, r.level, r.code, r.year, r.industry, r.fuel, r.part,
    min(coalesce(by_division.economic_group, by_section.economic_group)) as economic_group, min(d.section) as section,
    cast(sum(r.emission_t) as decimal(18, 3)) as emission_t, cast(sum(r.energy_tce) as decimal(28, 6)) as energy_tce,
    bool_or(r.is_synthetic) as is_synthetic
from rows_of_both as r
left join {{ ref('field_of_division') }} as d on r.basis = 'ledger' and d.industry_division = r.industry
left join {{ ref('economic_group') }} as by_division
    on by_division.code = r.industry and by_division.kind = case r.basis when 'ledger' then 'division' else 'sector' end
left join {{ ref('economic_group') }} as by_section on by_section.code = d.section and by_section.kind = 'section'
group by r.basis, r.factor_set, r.level, r.code, r.year, r.industry, r.fuel, r.part
