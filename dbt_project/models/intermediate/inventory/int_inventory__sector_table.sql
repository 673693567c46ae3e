with named as (
    select
        s.division_code, s.year, s.industry_code, s.indicator, s.value, s.unit, s.is_synthetic, s.batch_id, s.row_no,
        n.role,
        regexp_replace(replace(s.indicator, ' ', ''), '^[^:(]*[:(]', '') as rest,
        position(':' in s.indicator) > 0 as by_colon
    from {{ ref('int_statistics__year') }} as s
    inner join {{ ref('statistic_fuel_indicator') }} as n
        on n.name = regexp_extract(replace(s.indicator, ' ', ''), '^([^:(]*)[:(]', 1)
),

fuelled as (
    select
        n.*, f.fuel_code, f.is_burned or a.fuel_code is not null as is_burned, f.canonical_unit, u.factor,
        i.sector
    from named as n
    left join {{ ref('balance_fuel_name') }} as k
        on k.name_key = lower(case when n.by_colon then n.rest else regexp_replace(n.rest, '\)$', '') end)
    left join {{ ref('balance_fuel') }} as f on f.fuel_code = k.fuel_code
    left join (select distinct fuel_code from {{ ref('inventory_fuel_as') }}) as a on a.fuel_code = f.fuel_code
    left join {{ ref('unit') }} as u on u.unit_key = lower(replace(n.unit, ' ', '')) and u.dimension = {{ dimension_of('f.canonical_unit') }}
    left join {{ ref('inventory_industry') }} as i on i.industry_code = n.industry_code
),

-- one figure where two spellings of the indicator or two units tell the same thing
ranked as (
    select *,
        row_number() over (
            partition by division_code, year, fuel_code, industry_code, role
            order by is_synthetic, factor is null, indicator, unit
        ) as choice,
        max(case when industry_code in ('291', '292') and factor is not null then 1 else 0 end) over (
            partition by division_code, year, fuel_code, role
        ) as has_groups_of_29
    from fuelled
)

select
    division_code, year, role, industry_code, sector, fuel_code, indicator,
    {{ decimal_of('cast(value as double) * factor', 6) }} as quantity,
    canonical_unit as unit,
    case
        when fuel_code is null then 'unknown_fuel'
        when factor is null then 'other_unit'
        when choice > 1 then 'twice'
        when industry_code = '' or industry_code in ('工业', 'B', 'C', 'D') then 'total'
        when sector is null then 'no_sector'
        when industry_code = '29' and has_groups_of_29 = 1 then 'has_groups'
        when not is_burned or canonical_unit not in ('t', '1e4 Nm3') then 'not_burned'
    end as left_out,
    is_synthetic, batch_id, row_no
from ranked
