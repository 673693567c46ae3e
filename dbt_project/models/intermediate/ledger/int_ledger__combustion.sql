-- Combustion: burned x NCV x carbon content x oxidation x 44/12, per fuel row (NDRC guidelines, all sectors).
-- burned = consumed - feedstock - transformation_input. A mixed fuel counts with its fossil share; the rest, and pure
-- biomass, is a memo. Power-plant coal without carbon of its own takes the row for unmeasured coal.
with activity as (
    select
        r.*, b.hold, b.factor_set, b.oxidation_if_blank,
        case when r.fuel_group = 'coal' then b.unmeasured_coal_code end as unmeasured_code,
        r.consumed - r.feedstock - r.transformation_input as burned,
        coalesce(r.parameter_basis, '') = '缺省' as says_default,
        case when r.parameter_basis = '实测' then 'measured' else 'declared' end as given_tier
    {{ lines_from('int_energy__current') }}
    and r.treatment <> 'none'
),

defaults as (
    select
        a.*,
        d.ncv_gj_per_unit as d_ncv, d.ncv_factor_id, d.ncv_tier,
        d.carbon_tc_per_gj as d_carbon, d.carbon_factor_id, d.carbon_tier,
        d.oxidation_fraction as d_oxidation, d.oxidation_factor_id, d.oxidation_tier,
        d.co2_t_per_unit, d.co2_factor_id, d.co2_tier
    from activity as a
    left join {{ ref('int_factor__fuel_default') }} as d
        on d.factor_set = a.factor_set and {{ in_force('d', 'a.period') }} and d.fuel_code = coalesce(a.unmeasured_code, a.fuel_code)
),

chosen as (
    select *,
        case when says_default then coalesce(d_ncv, ncv_gj_per_unit) else coalesce(ncv_gj_per_unit, d_ncv) end as ncv,
        case when says_default then coalesce(d_carbon, carbon_tc_per_gj) else coalesce(carbon_tc_per_gj, d_carbon) end as carbon,
        coalesce(
            case when says_default and oxidation_fraction is not null then coalesce(d_oxidation, oxidation_fraction)
                else coalesce(oxidation_fraction, oxidation_if_blank, d_oxidation) end,
            -- full oxidation where no table names the fuel (IPCC 2006, vol. 2 ch. 1)
            case when ncv_gj_per_unit is not null and carbon_tc_per_gj is not null then 1.0 end
        ) as oxidation,
        (ncv_gj_per_unit is not null and not (says_default and d_ncv is not null)) as ncv_given,
        (carbon_tc_per_gj is not null and not (says_default and d_carbon is not null)) as carbon_given,
        (oxidation_fraction is not null and not (says_default and d_oxidation is not null)) as oxidation_given,
        coalesce(fossil_fraction, case when requires_fossil_share then null when treatment = 'biomass' then 0.0 else 1.0 end) as fossil
    from defaults
),

factored as (
    select *,
        coalesce(ncv * carbon * oxidation * 44.0 / 12.0, co2_t_per_unit) as co2_per_unit,
        ncv * carbon * oxidation is null and co2_t_per_unit is not null as is_composite,
        case
            when ncv * carbon * oxidation is null then co2_tier
            else {{ worse_tier(
                worse_tier("case when ncv_given then given_tier else ncv_tier end", "case when carbon_given then given_tier else carbon_tier end"),
                "case when oxidation_given then given_tier when oxidation_fraction is null and oxidation_if_blank is not null then 'method_default' else oxidation_tier end"
            ) }}
        end as tier,
        case
            when ncv * carbon * oxidation is null then co2_factor_id
            else concat_ws('+',
                case when ncv_given then 'reported:ncv' else ncv_factor_id end,
                case when carbon_given then 'reported:carbon_content' else carbon_factor_id end,
                case when oxidation_given then 'reported:oxidation' when oxidation_fraction is null and oxidation_if_blank is not null then 'method:oxidation=1'
                    else coalesce(oxidation_factor_id, 'ipcc-2006:oxidation=1') end)
        end as ids,
        case
            when activity_unit = 'tce' then consumed - transformation_input
            when fuel_code = 'electricity' then consumed * 0.1229
            when fuel_code = 'heat' then consumed / 29.3076
            else (consumed - transformation_input) * ncv / 29.3076
        end as tce
    from chosen
),

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
    case when carries_energy then tce end as energy_tce,
    case
        when hold is not null then hold
        when emission_source = 'energy_only' then null
        when consumed is null then 'no_quantity'
        when share is null then 'no_fossil_share'
        when co2_per_unit is null then 'no_factor'
    end as hold,
    'enterprise_energy' as delivery_source, batch_id, row_no, is_synthetic
from parts
