-- Purchased and exported power, one line a view: location (provincial average), national, market (proven non-fossil = 0,
-- the rest at the average excluding market-traded non-fossil power), method (what the guideline itself asks).
with activity as (
    select
        r.*, b.hold, b.province_code, b.national_grid_kind, b.method_electricity,
        case r.direction when '外供' then -1.0 else 1.0 end as sign,
        r.origin in ('绿电交易', '直供非化石') or (r.origin = '绿证' and r.certificate_id is not null) as is_nonfossil,
        case when r.origin = '自备化石' then r.declared_factor end as own_factor
    {{ version_lines_from('int_power_heat__current') }}
    and r.carrier = '电力' and r.direction in ('购入', '外供') and r.origin <> '余热余压'
    and coalesce(b.power_makes_lines, true)
    and (r.direction = '购入' or coalesce(b.exports_make_lines, true))
),

views as (
    {{ electricity_views('activity') }}
),

factored as (
    select
        v.*,
        case
            when v.asks_origin and v.is_nonfossil then 0.0
            when v.asks_origin and v.own_factor is not null then v.own_factor
            else coalesce(g.value, w.value)
        end as factor,
        case
            when v.asks_origin and v.is_nonfossil then 'nonfossil:' || coalesce(v.certificate_id, v.origin)
            when v.asks_origin and v.own_factor is not null then 'reported:emission_factor'
            else coalesce(g.factor_id, w.factor_id)
        end as id,
        case
            when v.asks_origin and (v.is_nonfossil or v.own_factor is not null) then 'declared'
            else coalesce(g.tier, case when w.value is not null then 'wider_area' end)
        end as tier
    from views as v
    left join {{ ref('int_factor__grid_year') }} as g
        on g.activity_year = v.slice_year and g.area = v.area and g.grid_kind = v.grid_kind
    left join {{ ref('int_factor__grid_year') }} as w
        on w.activity_year = v.slice_year and w.area = '000000' and w.grid_kind = v.grid_kind
)

select
    uscc, period, period_grain, slice_year, unit_code, 'purchased_power' as emission_source,
    carrier || direction as item, origin as stream, '' as part, 'CO2' as gas, electricity_view,
    sign * quantity as activity_quantity, activity_unit, id as factor_id, factor as factor_value,
    'tCO2/MWh' as factor_unit, tier as factor_tier,
    sign * quantity * factor as gas_t,
    case when sign < 0 then '- power exported x factor' else 'power purchased x factor' end as formula,
    case when electricity_view = 'location' then sign * quantity * 0.1229 end as energy_tce,
    case when hold is not null then hold when quantity is null then 'no_quantity' when factor is null then 'no_factor' end as hold,
    'enterprise_power_heat' as delivery_source, batch_id, row_no, is_synthetic
from factored
