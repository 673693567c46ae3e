{# Factors of the power grid: the rows of int_grid__period of one grain; `period` is the SQL of the period. #}
{% macro grid_factors(grain, period, type) -%}
select
    cast(area as varchar) as area, cast({{ period }} as {{ type }}) as period, {% if grain == 'year' %}cast(basis as varchar) as basis, {% endif %}
    cast(generation_mwh as double) as generation_mwh, cast(thermal_mwh as double) as thermal_mwh,
    cast(nonfossil_mwh as double) as nonfossil_generation_share_num, cast(generation_mwh as double) as nonfossil_generation_share_den,
    cast(nonfossil_mwh as double) / nullif(cast(generation_mwh as double), 0.0) as nonfossil_generation_share,
    cast(nonfossil_capacity_mw as double) as nonfossil_capacity_share_num, cast(capacity_mw as double) as nonfossil_capacity_share_den,
    cast(nonfossil_capacity_mw as double) / nullif(cast(capacity_mw as double), 0.0) as nonfossil_capacity_share,
    cast(inflow_mwh as double) as inflow_mwh, cast(outflow_mwh as double) as outflow_mwh, cast(supply_mwh as double) as supply_mwh,
    cast(final_consumption_mwh as double) as final_consumption_mwh, cast(loss_mwh as double) as loss_mwh,
    cast(reported_loss_mwh as double) as reported_loss_mwh,
    cast(case when loss_mwh is not null then loss_mwh end as double) as loss_rate_num,
    cast(case when loss_mwh is not null then supply_mwh end as double) as loss_rate_den,
    cast(loss_mwh as double) / nullif(cast(supply_mwh as double), 0.0) as loss_rate,
    cast(thermal_factor as double) as thermal_factor, cast(thermal_basis as varchar) as thermal_factor_basis,
    cast(thermal_tier as varchar) as thermal_factor_tier, cast(thermal_factor_id as varchar) as thermal_factor_id,
    cast(thermal_covered_mwh as double) as thermal_covered_mwh,
    cast(thermal_low as double) as thermal_factor_low, cast(thermal_high as double) as thermal_factor_high,
    cast(set_aside_basis as varchar) as set_aside_basis, cast(set_aside_factor as double) as set_aside_factor,
    {{ decimal_of('production_tco2', 3, 18) }} as production_tco2, cast(inflow_tco2 as decimal(18, 3)) as inflow_tco2,
    {{ decimal_of('outflow_tco2', 3, 18) }} as outflow_tco2, cast(inflow_tier as varchar) as inflow_factor_tier,
    cast(production_factor as double) as production_factor, cast(consumption_factor as double) as consumption_factor,
    cast(published_factor as double) as published_factor, cast(published_data_year as integer) as published_data_year,
    cast(published_tier as varchar) as published_tier, cast(published_factor_id as varchar) as published_factor_id,
    cast(production_factor - published_factor as double) as production_gap,
    cast(consumption_factor - published_factor as double) as consumption_gap,
    cast(same_year_factor as double) as same_year_factor, cast(same_year_status as varchar) as same_year_status,
    cast(coalesce(consumption_factor, production_factor) - same_year_factor as double) as same_year_gap,
    cast(o.zh as varchar) as own_boundary_zh, cast(o.en as varchar) as own_boundary_en,
    cast(q.zh as varchar) as published_boundary_zh, cast(q.en as varchar) as published_boundary_en,
    cast(hold_code as varchar) as hold_code, cast(is_synthetic as boolean) as is_synthetic
from {{ ref('int_grid__period') }} as p
inner join {{ ref('grid_boundary') }} as o on o.subject = p.basis
inner join {{ ref('grid_boundary') }} as q on q.subject = 'published'
where grain = '{{ grain }}'
order by 2, 1
{%- endmacro %}
