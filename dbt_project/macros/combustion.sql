{# What a row of the energy form means for combustion, before any default is chosen: `r` is the row, `b` its boundary. #}
{% macro combustion_row(r, b) -%}
{{ r }}.*, {{ b }}.hold,
{{ r }}.consumed - {{ r }}.feedstock - {{ r }}.transformation_input as burned,
coalesce({{ r }}.parameter_basis, '') = '缺省' as says_default,
case when {{ r }}.parameter_basis = '实测' then 'measured' else 'declared' end as given_tier
{%- endmacro %}

{#
  The choice of NCV, carbon content and oxidation, and what follows from it: CTEs `defaults`, `chosen`, `factored`. The one place of this rule.
  relation: rows of combustion_row with factor_set, unmeasured_code and oxidation_if_blank, which are all that a method version changes.
#}
{% macro combustion_factored(relation) -%}
defaults as (
    select
        a.*,
        d.ncv_gj_per_unit as d_ncv, d.ncv_factor_id, d.ncv_tier,
        d.carbon_tc_per_gj as d_carbon, d.carbon_factor_id, d.carbon_tier,
        d.oxidation_fraction as d_oxidation, d.oxidation_factor_id, d.oxidation_tier,
        d.co2_t_per_unit, d.co2_factor_id, d.co2_tier,
        -- a carbon content of the row's own stands before the one of its moistures
        case when a.carbon_tc_per_gj is null then f.carbon_tc_per_t end as carbon_tc_per_t,
        f.fossil_fraction as item_fossil_fraction
    from {{ relation }} as a
    left join {{ ref('int_ledger__fuel_parameter') }} as f on f.batch_id = a.batch_id and f.row_no = a.row_no
    left join {{ ref('int_factor__fuel_default') }} as d
        on d.factor_set = a.factor_set and {{ in_force('d', 'a.period') }} and d.fuel_code = coalesce(a.unmeasured_code, a.fuel_code)
),

chosen as (
    select *,
        case when says_default then coalesce(d_ncv, ncv_gj_per_unit) else coalesce(ncv_gj_per_unit, d_ncv) end as ncv,
        case
            when says_default then coalesce(d_carbon, carbon_tc_per_gj)
            else coalesce(carbon_tc_per_gj, carbon_tc_per_t / nullif(coalesce(ncv_gj_per_unit, d_ncv), 0.0), d_carbon)
        end as carbon,
        carbon_tc_per_t is not null and coalesce(ncv_gj_per_unit, d_ncv) > 0.0 and not (says_default and d_carbon is not null) as carbon_by_mass,
        coalesce(
            case when says_default then coalesce(oxidation_if_blank, d_oxidation, oxidation_fraction)
                else coalesce(oxidation_fraction, oxidation_if_blank, d_oxidation) end,
            -- full oxidation where no table names the fuel (IPCC 2006, vol. 2 ch. 1)
            case when ncv_gj_per_unit is not null and carbon_tc_per_gj is not null then 1.0 end
        ) as oxidation,
        (ncv_gj_per_unit is not null and not (says_default and d_ncv is not null)) as ncv_given,
        (carbon_tc_per_gj is not null and not (says_default and d_carbon is not null)) as carbon_given,
        (oxidation_fraction is not null and not (says_default and coalesce(oxidation_if_blank, d_oxidation) is not null)) as oxidation_given,
        case when fossil_fraction is null and item_fossil_fraction is not null then 'reported:bio_jet_share' end as fossil_id,
        coalesce(fossil_fraction, item_fossil_fraction, case when requires_fossil_share then null when treatment = 'biomass' then 0.0 else 1.0 end) as fossil
    from defaults
),

factored as (
    select *,
        coalesce(ncv * carbon * oxidation * 44.0 / 12.0, co2_t_per_unit) as co2_per_unit,
        ncv * carbon * oxidation is null and co2_t_per_unit is not null as is_composite,
        case
            when ncv * carbon * oxidation is null then co2_tier
            else {{ worse_tier(
                worse_tier(
                    "case when carbon_by_mass then null when ncv_given then given_tier else ncv_tier end",
                    "case when carbon_by_mass then 'measured' when carbon_given then given_tier else carbon_tier end"
                ),
                "case when oxidation_given then given_tier when oxidation_if_blank is not null then 'method_default' else oxidation_tier end"
            ) }}
        end as tier,
        case
            when ncv * carbon * oxidation is null then concat_ws('+', co2_factor_id, fossil_id)
            else concat_ws('+',
                case when carbon_by_mass then null when ncv_given then 'reported:ncv' else ncv_factor_id end,
                case when carbon_by_mass then 'reported:coal_carbon_air_dry+reported:coal_moisture_total+reported:coal_moisture_inherent' when carbon_given then 'reported:carbon_content' else carbon_factor_id end,
                case when oxidation_given then 'reported:oxidation' when oxidation_if_blank is not null then 'method:oxidation=1'
                    else coalesce(oxidation_factor_id, 'ipcc-2006:oxidation=1') end,
                fossil_id)
        end as ids,
        case
            when activity_unit = 'tce' then consumed - transformation_input
            when fuel_code = 'electricity' then consumed * 0.1229
            when fuel_code = 'heat' then consumed / 29.3076
            else (consumed - transformation_input) * ncv / 29.3076
        end as tce
    from chosen
)
{%- endmacro %}
