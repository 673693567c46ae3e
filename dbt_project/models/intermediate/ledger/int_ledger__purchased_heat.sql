with activity as (
    select * from {{ ref('int_ledger__power_heat_row') }} where carrier = '热力' and outside is null
),

enthalpies as (
    select
        q.batch_id, q.row_no,
        coalesce(max(case when p.unit_code = q.unit_code then p.quantity end), max(p.quantity)) as enthalpy
    from activity as q
    inner join {{ ref('int_ledger__process_row') }} as p
        on p.uscc = q.uscc and p.period = q.period and p.period_grain = q.period_grain
        and p.unit_code in (q.unit_code, '') and p.item = 'steam_enthalpy'
    where q.quantity is null
    group by q.batch_id, q.row_no
),

by_mass as (
    select
        q.* exclude (quantity), q.quantity as reported_gj,
        q.quantity is null and q.steam_t is not null as is_mass,
        case
            when e.enthalpy is not null then q.steam_t * (e.enthalpy - water.value) / 1000.0
            when s.phase = 'steam' then q.steam_t * (s.enthalpy_kj_per_kg - water.value) / 1000.0
            when s.phase = 'hot_water' then q.steam_t * (q.steam_temp_c - cold.value) * heat.value / 1000.0
        end as mass_gj,
        case
            when e.enthalpy is not null then 'reported:steam_enthalpy+' || water.factor_id
            when s.phase = 'steam' then 'if97:enthalpy+' || water.factor_id
            when s.phase = 'hot_water' then 'reported:steam_temp_c+' || cold.factor_id || '+' || heat.factor_id
        end as mass_id,
        case
            when e.enthalpy is not null then ', heat = steam x (enthalpy - enthalpy of water) / 1000'
            when s.phase = 'steam' then ', heat = steam x (IF97 enthalpy - enthalpy of water) / 1000'
            else ', heat = hot water x (temperature - 20) x 4.1868 / 1000'
        end as mass_formula,
        s.state_hold
    from activity as q
    left join enthalpies as e on e.batch_id = q.batch_id and e.row_no = q.row_no
    left join {{ ref('int_ledger__steam_state') }} as s
        on s.steam_temp_c is not distinct from q.steam_temp_c and s.steam_pressure_mpa is not distinct from q.steam_pressure_mpa
        and q.quantity is null and q.steam_t is not null
    {{ join_factor('water', "'common/steam/reference_enthalpy'") }}
    {{ join_factor('cold', "'common/hot_water/reference_temperature'") }}
    {{ join_factor('heat', "'common/hot_water/specific_heat'") }}
),

measured as (
    select *, case when is_mass then mass_gj else reported_gj end as quantity
    from by_mass
)

select
    a.uscc, a.period, a.period_grain, a.slice_year, a.unit_code,
    case when a.makes_line then 'purchased_heat' else 'energy_only' end as emission_source,
    a.carrier || a.direction as item, a.origin as stream, '' as part, 'CO2' as gas, cast(null as varchar) as electricity_view,
    -- without its heat, the steam itself is shown
    a.sign * coalesce(a.quantity, a.steam_t) as activity_quantity,
    case when a.quantity is null and a.is_mass then 't' else a.activity_unit end as activity_unit,
    concat_ws('+', case when a.is_mass then a.mass_id end,
        case when a.declared_factor is not null then 'reported:emission_factor' else h.factor_id end) as factor_id,
    coalesce(a.declared_factor, h.value) as factor_value, 'tCO2/GJ' as factor_unit,
    case when a.declared_factor is not null then 'declared' else h.tier end as factor_tier,
    case when a.makes_line then a.sign * a.quantity * coalesce(a.declared_factor, h.value) end as gas_t,
    case when a.sign < 0 then '- heat exported x factor' else 'heat purchased x factor' end
        || case when a.is_mass then a.mass_formula else '' end as formula,
    a.sign * a.quantity / 29.3076 as energy_tce,
    case
        when not a.makes_line then null
        when a.hold is not null then a.hold
        when a.quantity is null and a.is_mass then coalesce(a.state_hold, 'no_steam_enthalpy')
        when a.quantity is null then 'no_quantity'
        when a.quantity < 0 then 'negative_balance'
        when coalesce(a.declared_factor, h.value) is null then 'no_factor'
    end as hold,
    'enterprise_power_heat' as delivery_source, a.batch_id, a.row_no, a.is_synthetic
from measured as a
left join {{ ref('int_factor__heat') }} as h on {{ in_force('h', 'a.period') }}
