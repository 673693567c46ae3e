{{ config(materialized='table') }}
-- Sums of lines by enterprise, period and grain. Exact: every addend is a whole kilogram, energy is rounded per row to grams of tce.
with sums as (
    select
        uscc, period, period_grain, slice_year,
        sum(case when emission_source = 'fuel' then emission_tco2e else 0 end) as fuel_tco2e,
        sum(case when emission_source = 'process' then emission_tco2e else 0 end) as process_tco2e,
        sum(case when emission_source = 'product_deduction' then emission_tco2e else 0 end) as product_deduction_tco2e,
        sum(case when emission_source = 'co2_recovered' then emission_tco2e else 0 end) as co2_recovered_tco2e,
        sum(case when emission_source in ('fuel', 'process', 'product_deduction', 'co2_recovered') then emission_common_tco2e else 0 end)
            as direct_common_tco2e,
        sum(case when electricity_view = 'location' then emission_tco2e else 0 end) as purchased_power_location_tco2e,
        sum(case when electricity_view = 'national' then emission_tco2e else 0 end) as purchased_power_national_tco2e,
        sum(case when electricity_view = 'market' then emission_tco2e else 0 end) as purchased_power_market_tco2e,
        sum(case when electricity_view = 'method' then emission_tco2e else 0 end) as purchased_power_method_tco2e,
        sum(case when emission_source = 'purchased_heat' then emission_tco2e else 0 end) as purchased_heat_tco2e,
        sum(case when emission_source = 'biomass_memo' then emission_tco2e else 0 end) as biomass_memo_tco2e,
        sum(case when emission_source in ('fuel', 'process', 'product_deduction', 'co2_recovered') and factor_tier = 'measured'
            then abs(emission_tco2e) else 0 end) as measured_num,
        sum(case when emission_source in ('fuel', 'process', 'product_deduction', 'co2_recovered') and factor_tier = 'unconfirmed'
            then abs(emission_tco2e) else 0 end) as unconfirmed_num,
        sum(case when emission_source in ('fuel', 'process', 'product_deduction', 'co2_recovered') then abs(emission_tco2e) else 0 end)
            as measured_den,
        count(case when hold is not null and coalesce(electricity_view, 'location') = 'location' then 1 end) as held_back_lines,
        sum(case when fuel_or_heat then cast(energy_tce as decimal(28, 6)) else 0 end) as own_energy_tce,
        sum(case when is_bought_power then cast(energy_tce as decimal(28, 6)) else 0 end) as bought_power_tce,
        sum(case when is_energy_power then cast(energy_tce as decimal(28, 6)) else 0 end) as listed_power_tce,
        sum(case when is_bought_heat then cast(energy_tce as decimal(28, 6)) else 0 end) as bought_heat_tce,
        sum(case when is_energy_heat then cast(energy_tce as decimal(28, 6)) else 0 end) as listed_heat_tce,
        bool_or(is_bought_power) as has_bought_power, bool_or(is_bought_heat) as has_bought_heat,
        bool_or(is_synthetic) as is_synthetic
    from (
        select *,
            emission_source in ('fuel', 'biomass_memo') as fuel_or_heat,
            emission_source = 'purchased_power' as is_bought_power,
            emission_source = 'purchased_heat' as is_bought_heat,
            emission_source = 'energy_only' and activity_unit = 'MWh' as is_energy_power,
            emission_source = 'energy_only' and activity_unit = 'GJ' as is_energy_heat
        from {{ ref('int_ledger__line') }}
    ) as l
    group by uscc, period, period_grain, slice_year
)

select
    p.uscc, p.period, p.period_grain, p.slice_year, b.enterprise_name, b.division_code, b.industry_code, b.method_code,
    b.method_version, b.gwp_set, b.operating_from, b.operating_to, b.hold as account_hold,
    p.sources_due, p.sources_delivered,
    coalesce(s.fuel_tco2e, 0) as fuel_tco2e, coalesce(s.process_tco2e, 0) as process_tco2e,
    coalesce(s.product_deduction_tco2e, 0) as product_deduction_tco2e, coalesce(s.co2_recovered_tco2e, 0) as co2_recovered_tco2e,
    coalesce(s.direct_common_tco2e, 0) as direct_common_tco2e,
    coalesce(s.purchased_power_location_tco2e, 0) as purchased_power_location_tco2e,
    coalesce(s.purchased_power_national_tco2e, 0) as purchased_power_national_tco2e,
    coalesce(s.purchased_power_market_tco2e, 0) as purchased_power_market_tco2e,
    coalesce(s.purchased_power_method_tco2e, 0) as purchased_power_method_tco2e,
    coalesce(s.purchased_heat_tco2e, 0) as purchased_heat_tco2e, coalesce(s.biomass_memo_tco2e, 0) as biomass_memo_tco2e,
    coalesce(s.measured_num, 0) as measured_num, coalesce(s.unconfirmed_num, 0) as unconfirmed_num,
    coalesce(s.measured_den, 0) as measured_den, coalesce(s.held_back_lines, 0) as held_back_lines,
    -- power and heat once: from enterprise_power_heat, else from the rows of the energy form
    coalesce(s.own_energy_tce, 0)
        + case when s.has_bought_power then s.bought_power_tce else coalesce(s.listed_power_tce, 0) end
        + case when s.has_bought_heat then s.bought_heat_tce else coalesce(s.listed_heat_tce, 0) end as energy_tce,
    coalesce(s.is_synthetic, false) or p.is_synthetic or b.register_is_synthetic as is_synthetic
from {{ ref('int_account__presence') }} as p
inner join {{ ref('int_ledger__boundary') }} as b
    on b.uscc = p.uscc and b.period = p.period and b.period_grain = p.period_grain
left join sums as s on s.uscc = p.uscc and s.period = p.period and s.period_grain = p.period_grain
