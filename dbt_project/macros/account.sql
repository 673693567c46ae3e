{# The money columns of an account, summed when `how` is 'sum(%s)'. #}
{% macro account_columns(how) -%}
{%- set t = 'decimal(18, 3)' -%}
{%- for c in ['fuel_tco2e', 'process_tco2e', 'product_deduction_tco2e', 'co2_recovered_tco2e'] %}
    cast({{ how | format(c) }} as {{ t }}) as {{ c }},
{%- endfor %}
    cast({{ how | format('fuel_tco2e + process_tco2e + product_deduction_tco2e + co2_recovered_tco2e') }} as {{ t }}) as direct_tco2e,
{%- for c in ['direct_common_tco2e', 'ets_direct_tco2e', 'internal_transfer_tco2e', 'purchased_power_location_tco2e', 'purchased_power_national_tco2e', 'purchased_power_market_tco2e',
    'purchased_power_method_tco2e', 'purchased_heat_tco2e'] %}
    cast({{ how | format(c) }} as {{ t }}) as {{ c }},
{%- endfor %}
    cast({{ how | format('fuel_tco2e + process_tco2e + product_deduction_tco2e + co2_recovered_tco2e + purchased_power_location_tco2e + purchased_heat_tco2e') }} as {{ t }}) as total_location_tco2e,
    cast({{ how | format('fuel_tco2e + process_tco2e + product_deduction_tco2e + co2_recovered_tco2e + purchased_power_market_tco2e + purchased_heat_tco2e') }} as {{ t }}) as total_market_tco2e,
    cast({{ how | format('biomass_memo_tco2e') }} as {{ t }}) as biomass_memo_tco2e,
{%- set unknown = how | format('case when energy_hold is null then 0 else 1 end') ~ ' > 0' %}
    cast(case when {{ unknown }} then null else {{ how | format('energy_tce') }} end as decimal(18, 3)) as energy_tce,
    cast(case when {{ unknown }} then null else {{ how | format('energy_tce + equivalent_extra_tce') }} end as decimal(18, 3)) as energy_equivalent_tce,
    cast({{ how | format('measured_num') }} as {{ t }}) as measured_share_num,
    cast({{ how | format('measured_den') }} as {{ t }}) as measured_share_den,
    cast({{ how | format('measured_num') }} as double) / nullif(cast({{ how | format('measured_den') }} as double), 0.0) as measured_share,
    cast({{ how | format('unconfirmed_num') }} as {{ t }}) as unconfirmed_share_num,
    cast({{ how | format('unconfirmed_num') }} as double) / nullif(cast({{ how | format('measured_den') }} as double), 0.0) as unconfirmed_share,
    cast({{ how | format('held_back_lines') }} as bigint) as held_back_lines,
{%- endmacro %}
