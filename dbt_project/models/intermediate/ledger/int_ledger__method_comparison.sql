{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail', pre_hook='{{ delete_affected() }}'
) }}
with energy_row as (
    select
        {{ combustion_row('r', 'b') }},
        b.method_code, b.method_version, b.factor_set as base_factor_set, b.unmeasured_coal_code as base_unmeasured_coal_code,
        b.oxidation_if_blank as base_oxidation_if_blank, b.gwp_set as base_gwp_set, b.register_is_synthetic
    {{ lines_from('int_current__energy') }}
    and r.treatment = 'combustion' and b.hold is null
),

-- a set that does not know the row for unmeasured coal gives the fuel's own default
set_of as (
    select s.factor_set, max(d.fuel_code) as unmeasured_coal_code
    from (select distinct factor_set from {{ ref('fuel_set_fallback') }}) as s
    left join {{ ref('int_factor__fuel_default') }} as d
        on d.factor_set = s.factor_set
        and d.fuel_code in (select unmeasured_coal_code from {{ ref('method_version') }} where unmeasured_coal_code is not null)
    group by s.factor_set
),

activity as (
    select
        e.*, 'base' as side, cast(null as varchar) as other_version, e.base_factor_set as factor_set, e.base_gwp_set as gwp_set,
        case when e.fuel_group = 'coal' then e.base_unmeasured_coal_code end as unmeasured_code,
        e.base_oxidation_if_blank as oxidation_if_blank
    from energy_row as e
    union all
    select
        e.*, 'other' as side, v.method_version as other_version, v.factor_set, v.gwp_set,
        case when e.fuel_group = 'coal' then v.unmeasured_coal_code end as unmeasured_code, v.oxidation_if_blank
    from energy_row as e
    inner join {{ ref('int_ledger__account_version') }} as v
        on v.uscc = e.uscc and v.period = e.period and v.period_grain = e.period_grain and not v.is_account and not v.is_set_only
    union all
    select
        e.*, 'other' as side, cast(null as varchar) as other_version, s.factor_set, e.base_gwp_set as gwp_set,
        case when e.fuel_group = 'coal' and e.base_unmeasured_coal_code = s.unmeasured_coal_code then s.unmeasured_coal_code end
            as unmeasured_code,
        e.base_oxidation_if_blank as oxidation_if_blank
    from energy_row as e
    inner join set_of as s on s.factor_set <> e.base_factor_set
),

{{ combustion_factored('activity') }},

sided as (
    select *, case when consumed is not null and fossil is not null then {{ tonnes('burned * co2_per_unit * fossil') }} end as tco2
    from factored
),

paired as (
    select
        b.uscc, b.slice_year, b.energy, b.fuel_code, b.burned, b.activity_unit, b.method_code, b.method_version, b.base_factor_set,
        b.base_gwp_set, o.other_version, o.factor_set as other_factor_set, o.gwp_set as other_gwp_set, b.tco2 as base_tco2, o.tco2 as other_tco2, b.tier as base_tier, o.tier as other_tier,
        b.is_synthetic or b.register_is_synthetic as is_synthetic,
        b.tco2 is not null and o.tco2 is not null and not b.is_composite and not o.is_composite as by_parameter,
        {{ tonnes('b.burned * (o.ncv * b.carbon * b.oxidation * 44.0 / 12.0) * b.fossil') }} as with_ncv,
        {{ tonnes('b.burned * (o.ncv * o.carbon * b.oxidation * 44.0 / 12.0) * b.fossil') }} as with_carbon
    from sided as b
    inner join sided as o on o.batch_id = b.batch_id and o.row_no = b.row_no and o.side = 'other'
    where b.side = 'base'
)

select
    uscc, slice_year, energy, fuel_code, method_code, method_version, base_factor_set, base_gwp_set, other_version, other_factor_set, other_gwp_set,
    -- a sum of decimals: the same in any order
    sum({{ decimal_of('burned', 6, 28) }}) as activity_quantity, max(activity_unit) as activity_unit,
    sum(base_tco2) as base_tco2, sum(other_tco2) as other_tco2,
    sum(case when by_parameter then with_ncv - base_tco2 else 0 end) as ncv_tco2,
    sum(case when by_parameter then with_carbon - with_ncv else 0 end) as carbon_content_tco2,
    sum(case when by_parameter then other_tco2 - with_carbon else 0 end) as oxidation_tco2,
    sum(case when not by_parameter and base_tco2 is not null and other_tco2 is not null then other_tco2 - base_tco2 else 0 end)
        as composite_factor_tco2,
    sum(case when base_tco2 is null or other_tco2 is null then coalesce(other_tco2, 0) - coalesce(base_tco2, 0) else 0 end)
        as one_side_only_tco2,
    count(case when base_tco2 is null then 1 end) as base_held_back_lines,
    count(case when other_tco2 is null then 1 end) as other_held_back_lines,
    max(case when base_tco2 is not null then {{ tier_rank('base_tier') }} end) as base_worst_rank,
    max(case when other_tco2 is not null then {{ tier_rank('other_tier') }} end) as other_worst_rank,
    bool_or(is_synthetic) as is_synthetic
from paired
group by uscc, slice_year, energy, fuel_code, method_code, method_version, base_factor_set, base_gwp_set, other_version, other_factor_set, other_gwp_set
