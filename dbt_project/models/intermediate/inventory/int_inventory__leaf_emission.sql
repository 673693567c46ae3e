{{ config(materialized='table', post_hook='{{ stand_closed() }}') }}
with burned as (
    select
        a.division_code, a.year, a.factor_set, a.sector, a.sector_group, a.fuel_code as fuel, a.activity_quantity, a.activity_unit,
        f.factor_value, f.factor_id, f.factor_status, f.substitution, a.is_converted,
        true as has_balance,
        a.is_synthetic or coalesce(f.is_synthetic, false) as is_synthetic
    from {{ ref('int_inventory__leaf') }} as a
    left join {{ ref('int_inventory__factor') }} as f
        on a.year = f.year
        and a.factor_set = f.factor_set
        and a.fuel_code = f.fuel_code
        and f.coal_factor_group in ('all', a.coal_factor_group)
),

-- process emissions of every division and year with output, a balance or none (has_balance): cement under the CEADs sets, by their own factor;
-- under the official sets each product with confirmed factors. Synthetic output never stands beside a real balance.
process as (
    select
        p.division_code, p.year, s.factor_set, 'process' as sector, 'process' as sector_group, p.product as fuel, p.activity_quantity,
        p.activity_unit,
        coalesce(s.process_cement_tco2_per_t, f.factor_value) as factor_value,
        case when s.process_cement_tco2_per_t is not null then s.factor_set || ':cement' else f.factor_id end as factor_id,
        case when s.process_cement_tco2_per_t is not null then 'confirmed' else f.factor_status end as factor_status,
        cast(null as varchar) as substitution,
        false as is_converted,
        b.division_code is not null as has_balance,
        p.is_synthetic or coalesce(f.is_synthetic, false) as is_synthetic
    from {{ ref('int_inventory__process_activity') }} as p
    left join (
        select division_code, year, max(case when is_synthetic then 1 else 0 end) = 1 as is_synthetic
        from burned
        group by division_code, year
    ) as b on p.division_code = b.division_code and p.year = b.year
    inner join {{ ref('inventory_factor_set') }} as s on case when s.process_cement_tco2_per_t is null then not p.yields else p.product = 'cement' end
    left join {{ ref('int_inventory__process_factor') }} as f
        on s.process_cement_tco2_per_t is null and f.year = p.year and f.activity = p.product and f.gas = 'CO2'
    where p.ledger = 'process' and (coalesce(b.is_synthetic, true) or not p.is_synthetic)
)

select
    e.*,
    {{ tonnes('cast(e.activity_quantity as double) * e.factor_value') }} as emission_tco2,
    e.factor_value is null as is_held_back,
    case
        when e.factor_value is not null then null
        when e.sector = 'process' and e.fuel = 'cement' then '官方因子集按水泥熟料计，未交来熟料产量，只列活动量，不计排放'
        when e.sector = 'process' then '没有已确认的按产量计的因子，只列活动量，不计排放'
        when e.factor_status = 'unconfirmed' then '该因子集中此燃料的缺省值未经确认，只列活动量，不计排放'
        else '该因子集没有此燃料的缺省值，只列活动量，不计排放'
    end as held_back_reason_zh,
    case
        when e.factor_value is not null then null
        when e.sector = 'process' and e.fuel = 'cement' then 'official sets count clinker, whose output was not delivered: activity only, no tonnes'
        when e.sector = 'process' then 'no confirmed factor by output: activity only, no tonnes'
        when e.factor_status = 'unconfirmed' then 'the defaults of this fuel in the set are unconfirmed: activity only, no tonnes'
        else 'the set has no defaults for this fuel: activity only, no tonnes'
    end as held_back_reason_en
from (
    select * from burned
    union all
    select * from process
) as e
