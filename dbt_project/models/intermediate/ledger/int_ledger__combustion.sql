with activity as (
    select
        {{ combustion_row('r', 'b') }}, b.factor_set, b.oxidation_if_blank,
        case when r.fuel_group = 'coal' then b.unmeasured_coal_code end as unmeasured_code
    {{ lines_from('int_current__energy') }}
    and r.treatment <> 'none'
),

{{ combustion_factored('activity') }},

parts as (
    select *, case when treatment = 'biomass' then 'biomass_memo' else 'fuel' end as emission_source,
        case when treatment = 'biomass' then 1.0 else fossil end as share, true as carries_energy
    from factored
    where treatment in ('combustion', 'biomass')
    union all
    -- the part of a mixed fuel that is no fossil carbon
    select *, 'biomass_memo' as emission_source, 1.0 - fossil as share, false as carries_energy
    from factored
    where treatment = 'combustion' and fossil < 1.0
    union all
    -- power and heat bought as an energy: counted as energy, their emissions come from enterprise_power_heat
    select *, 'energy_only' as emission_source, cast(null as double) as share, true as carries_energy
    from factored
    where treatment = 'energy_only'
)

select
    uscc, period, period_grain, slice_year, unit_code, emission_source, energy as item, stream, '' as part,
    'CO2' as gas, cast(null as varchar) as electricity_view,
    burned as activity_quantity, activity_unit, ids as factor_id,
    co2_per_unit * share as factor_value, 'tCO2/' || activity_unit as factor_unit, tier as factor_tier,
    burned * co2_per_unit * share as gas_t,
    case when is_composite then 'burned x CO2 factor' else 'burned x NCV x carbon x oxidation x 44/12' end
        || case when share < 1.0 then ' x share' else '' end as formula,
    -- null: its energy is not known
    case when carries_energy then tce else 0.0 end as energy_tce,
    case
        when hold is not null then hold
        when emission_source = 'energy_only' then null
        when consumed is null then 'no_quantity'
        when share is null then 'no_fossil_share'
        when co2_per_unit is null then 'no_factor'
    end as hold,
    'enterprise_energy' as delivery_source, batch_id, row_no, is_synthetic
from parts
