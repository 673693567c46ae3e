{{ config(materialized='table', post_hook='{{ stand_closed() }}') }}
with sums as (
    select
        uscc, period, period_grain, slice_year,
        sum(case when emission_source = 'fuel' then emission_tco2e else 0 end) as fuel_tco2e,
        sum(case when emission_source = 'process' then emission_tco2e else 0 end) as process_tco2e,
        sum(case when emission_source = 'product_deduction' then emission_tco2e else 0 end) as product_deduction_tco2e,
        sum(case when emission_source = 'co2_recovered' then emission_tco2e else 0 end) as co2_recovered_tco2e,
        sum(case when {{ is_direct() }} then emission_common_tco2e else 0 end)
            as direct_common_tco2e,
        sum(case when ets_covered then emission_tco2e else 0 end) as ets_direct_tco2e,
        sum(case when internal_transfer and emission_source = 'fuel' then emission_tco2e else 0 end) as internal_transfer_tco2e,
        sum(case when electricity_view = 'location' then emission_tco2e else 0 end) as purchased_power_location_tco2e,
        sum(case when electricity_view = 'national' then emission_tco2e else 0 end) as purchased_power_national_tco2e,
        sum(case when electricity_view = 'market' then emission_tco2e else 0 end) as purchased_power_market_tco2e,
        sum(case when electricity_view = 'method' then emission_tco2e else 0 end) as purchased_power_method_tco2e,
        sum(case when emission_source = 'purchased_heat' then emission_tco2e else 0 end) as purchased_heat_tco2e,
        sum(case when emission_source = 'biomass_memo' then emission_tco2e else 0 end) as biomass_memo_tco2e,
        sum(case when {{ is_direct() }} and factor_tier = 'measured'
            then abs(emission_tco2e) else 0 end) as measured_num,
        sum(case when {{ is_direct() }} and factor_tier = 'unconfirmed'
            then abs(emission_tco2e) else 0 end) as unconfirmed_num,
        sum(case when {{ is_direct() }} then abs(emission_tco2e) else 0 end)
            as measured_den,
        count(case when hold is not null and {{ in_location_view() }} then 1 end) as held_back_lines,
        sum(case when fuel_or_heat then {{ decimal_of('energy_tce', 12) }} else 0 end) as own_energy_tce,
        sum(case when is_bought_power then {{ decimal_of('energy_tce', 12) }} else 0 end) as bought_power_tce,
        sum(case when is_energy_power then {{ decimal_of('energy_tce', 12) }} else 0 end) as listed_power_tce,
        sum(case when is_bought_heat then {{ decimal_of('energy_tce', 12) }} else 0 end) as bought_heat_tce,
        sum(case when is_energy_heat then {{ decimal_of('energy_tce', 12) }} else 0 end) as listed_heat_tce,
        min(case when energy_unknown then coalesce(hold, 'no_calorific_value') end) as energy_hold,
        bool_or(is_bought_power) as has_bought_power, bool_or(is_bought_heat) as has_bought_heat,
        bool_or(is_synthetic) as is_synthetic
    from (
        select *,
            emission_source in ('fuel', 'biomass_memo') as fuel_or_heat,
            -- bought less exported; exports that make no line (01) are energy_only
            emission_source = 'purchased_power' or (emission_source = 'energy_only' and item = '电力外供') as is_bought_power,
            emission_source = 'purchased_heat' or (emission_source = 'energy_only' and item = '热力外供') as is_bought_heat,
            emission_source = 'energy_only' and item = '电力' as is_energy_power,
            emission_source = 'energy_only' and item = '热力' as is_energy_heat,
            energy_tce is null and (emission_source in ('fuel', 'biomass_memo', 'purchased_heat', 'energy_only')
                or (emission_source = 'purchased_power' and electricity_view = 'location')) as energy_unknown
        from {{ ref('int_ledger__line') }}
    ) as l
    group by uscc, period, period_grain, slice_year
),

-- coal equivalent of power [tce/MWh]: the year's own, else the one without a year
equivalents as (
    select y.slice_year, f.value as tce_per_mwh,
        row_number() over (
            partition by y.slice_year
            order by case when f.data_year = y.slice_year then 0 else 1 end, f.is_unconfirmed, f.is_synthetic, f.received_at desc, f.factor_id
        ) as choice
    from (select distinct slice_year from {{ ref('int_account__presence') }}) as y
    inner join {{ ref('int_factor__current') }} as f
        on f.kind = 'tce' and f.item = 'electricity_eq' and (f.data_year is null or f.data_year = y.slice_year)
),

powered as (
    select *, case when has_bought_power then bought_power_tce else coalesce(listed_power_tce, 0) end as power_tce
    from sums
)

select
    p.uscc, p.period, p.period_grain, p.slice_year, b.enterprise_name, b.division_code, b.industry_code, b.method_code,
    b.method_version, b.gwp_set, b.operating_from, b.operating_to, b.hold as account_hold,
    p.sources_due, p.sources_delivered, case when b.hold is null then p.sources_delivered else 0 end as sources_accounted,
    coalesce(s.fuel_tco2e, 0) as fuel_tco2e, coalesce(s.process_tco2e, 0) as process_tco2e,
    coalesce(s.product_deduction_tco2e, 0) as product_deduction_tco2e, coalesce(s.co2_recovered_tco2e, 0) as co2_recovered_tco2e,
    coalesce(s.direct_common_tco2e, 0) as direct_common_tco2e,
    coalesce(s.ets_direct_tco2e, 0) as ets_direct_tco2e, coalesce(s.internal_transfer_tco2e, 0) as internal_transfer_tco2e,
    coalesce(s.purchased_power_location_tco2e, 0) as purchased_power_location_tco2e,
    coalesce(s.purchased_power_national_tco2e, 0) as purchased_power_national_tco2e,
    coalesce(s.purchased_power_market_tco2e, 0) as purchased_power_market_tco2e,
    coalesce(s.purchased_power_method_tco2e, 0) as purchased_power_method_tco2e,
    coalesce(s.purchased_heat_tco2e, 0) as purchased_heat_tco2e, coalesce(s.biomass_memo_tco2e, 0) as biomass_memo_tco2e,
    coalesce(s.measured_num, 0) as measured_num, coalesce(s.unconfirmed_num, 0) as unconfirmed_num,
    coalesce(s.measured_den, 0) as measured_den, coalesce(s.held_back_lines, 0) as held_back_lines,
    -- power and heat once: from enterprise_power_heat, else from the rows of the energy form
    coalesce(s.own_energy_tce, 0)
        + coalesce(s.power_tce, 0)
        + case when s.has_bought_heat then s.bought_heat_tce else coalesce(s.listed_heat_tce, 0) end as energy_tce,
    -- what power adds when it counts by the coal that makes it: MWh x (equivalent - calorific), rounded once
    case when q.tce_per_mwh is null then null when coalesce(s.power_tce, 0) = 0 then cast(0 as decimal(38, 12))
        else {{ decimal_of('cast(s.power_tce as double) / 0.1229 * (q.tce_per_mwh - 0.1229)', 12) }} end as equivalent_extra_tce,
    s.energy_hold,
    coalesce(s.is_synthetic, false) or p.is_synthetic or b.register_is_synthetic as is_synthetic
from {{ ref('int_account__presence') }} as p
inner join {{ ref('int_ledger__boundary') }} as b
    on b.uscc = p.uscc and b.period = p.period and b.period_grain = p.period_grain
left join powered as s on s.uscc = p.uscc and s.period = p.period and s.period_grain = p.period_grain
left join equivalents as q on q.slice_year = p.slice_year and q.choice = 1
