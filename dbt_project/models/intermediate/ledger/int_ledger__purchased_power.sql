with activity as (
    select
        *,
        origin in ('绿电交易', '直供非化石') or (origin = '绿证' and certificate_id is not null) as cites_nonfossil,
        case when origin = '自备化石' then declared_factor end as own_factor
    from {{ ref('int_ledger__power_heat_row') }}
    where carrier = '电力' and outside is null
),

served as (
    select a.*, cast(s.served_mwh as double) as served_mwh, cast({{ decimal_of('a.quantity', 6, 28) }} - s.served_mwh as double) as uncovered_mwh
    from activity as a
    left join {{ ref('int_ledger__certificate_service') }} as s on s.batch_id = a.batch_id and s.row_no = a.row_no
),

views as (
    {{ electricity_views('served') }}
),

-- the part that is proven, and the part that is not
parts as (
    select * replace (case when asks_origin then coalesce(served_mwh, quantity) else quantity end as quantity), '' as part,
        asks_origin and cites_nonfossil and (served_mwh is null or served_mwh > 0.0) as is_nonfossil
    from views
    where not asks_origin or served_mwh is null or served_mwh > 0.0
    union all
    select * replace (case when served_mwh > 0.0 then uncovered_mwh else quantity end as quantity),
        case when served_mwh > 0.0 then 'uncovered' else '' end as part, false as is_nonfossil
    from views
    where asks_origin and (uncovered_mwh > 0.0 or (served_mwh = 0.0 and uncovered_mwh = 0.0))
),

factored as (
    select
        v.*,
        case
            when v.is_nonfossil then 0.0
            when v.asks_origin and v.own_factor is not null then v.own_factor
            else coalesce(g.value, w.value)
        end as factor,
        case
            when v.is_nonfossil then 'nonfossil:' || coalesce(v.certificate_id, v.origin)
            when v.asks_origin and v.own_factor is not null then 'reported:emission_factor'
            else coalesce(g.factor_id, w.factor_id)
        end as id,
        case
            when v.is_nonfossil or (v.asks_origin and v.own_factor is not null) then 'declared'
            else coalesce(g.tier, case when w.value is not null then 'wider_area' end)
        end as tier
    from parts as v
    left join {{ ref('int_factor__grid_year') }} as g
        on g.activity_year = v.slice_year and g.area = v.area and g.grid_kind = v.grid_kind
    left join {{ ref('int_factor__grid_year') }} as w
        on w.activity_year = v.slice_year and w.area = '000000' and w.grid_kind = v.grid_kind
)

select
    uscc, period, period_grain, slice_year, unit_code,
    case when makes_line then 'purchased_power' else 'energy_only' end as emission_source,
    carrier || direction as item, origin as stream, part, 'CO2' as gas,
    case when makes_line then electricity_view end as electricity_view,
    sign * quantity as activity_quantity, activity_unit, id as factor_id, factor as factor_value,
    'tCO2/MWh' as factor_unit, tier as factor_tier,
    case when makes_line then sign * quantity * factor end as gas_t,
    case
        when sign < 0 then '- power exported x factor'
        when asks_origin and uncovered_mwh > 0.0 and not is_nonfossil then 'power purchased that no certificate covers x factor'
        else 'power purchased x factor'
    end as formula,
    case when electricity_view = 'location' then sign * quantity * 0.1229 end as energy_tce,
    case when not makes_line then null when hold is not null then hold when quantity is null then 'no_quantity' when factor is null then 'no_factor' end as hold,
    'enterprise_power_heat' as delivery_source, batch_id, row_no, is_synthetic
from factored
where makes_line or electricity_view = 'location'
