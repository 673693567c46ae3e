{{ config(materialized='table') }}
with states as (
    select distinct r.steam_temp_c, r.steam_pressure_mpa
    from {{ ref('int_current__power_heat') }} as r
    where r.carrier = '热力' and r.steam_t is not null and (r.steam_temp_c is not null or r.steam_pressure_mpa is not null)
        and {{ affected('r') }}
),

-- the saturation line runs from the triple point to the critical point
saturated as (
    select s.*,
        case when s.steam_pressure_mpa between 0.000611212677 and 22.064 then {{ saturation_k('s.steam_pressure_mpa') }} end as saturation_k
    from states as s
    cross join ({{ if97_row('region4', 10) }}) as n
),

phases as (
    select *,
        steam_temp_c <= 100.0 and coalesce(steam_temp_c < saturation_k - 273.15, coalesce(steam_pressure_mpa > 22.064, true)) as is_hot_water,
        case
            when steam_temp_c is null then saturation_k
            when steam_pressure_mpa is null then null
            when steam_temp_c >= saturation_k - 273.15 then steam_temp_c + 273.15
            -- rounded readings of saturated steam: a pressure to 0.1 MPa is a temperature to 4 K
            when steam_temp_c > 100.0 and steam_temp_c >= saturation_k - 273.15 - 5.0 then saturation_k
            when steam_pressure_mpa > 22.064 and steam_temp_c > 350.0 then steam_temp_c + 273.15
        end as steam_k,
        coalesce(steam_pressure_mpa not between 0.000611212677 and 100.0, false) or coalesce(steam_temp_c not between 0.0 and 800.0, false)
            as is_outside
    from saturated
),

-- region 2 ends at 350 C, above that at the boundary with region 3
judged as (
    select p.*,
        case
            when p.is_outside then 'steam_state_out_of_range'
            when p.is_hot_water then null
            when p.steam_temp_c is not null and p.steam_pressure_mpa is null then 'no_steam_enthalpy'
            when p.steam_k > 623.15 and p.steam_pressure_mpa > n.n1 + n.n2 * p.steam_k + n.n3 * p.steam_k * p.steam_k
                then 'steam_state_out_of_range'
            when p.steam_k is not null then null
            when p.steam_temp_c is null then 'steam_state_out_of_range'
            else 'liquid_above_100c'
        end as state_hold
    from phases as p
    cross join ({{ if97_row('boundary23', 3) }}) as n
),

enthalpies as (
    select
        j.steam_temp_c, j.steam_pressure_mpa,
        0.461526 * 540.0 * {{ exact_sum('j.term', decimals=15) }} as enthalpy_kj_per_kg
    from (
        select
            p.steam_temp_c, p.steam_pressure_mpa,
            case c.equation
                when 'region2_ideal' then c.n * c.power_tau * power(540.0 / p.steam_k, c.power_tau - 1)
                else c.n * power(p.steam_pressure_mpa, c.power_pi) * c.power_tau * power(540.0 / p.steam_k - 0.5, c.power_tau - 1)
            end as term
        from judged as p
        cross join {{ ref('if97_coefficient') }} as c
        where p.steam_k is not null and not p.is_hot_water and p.state_hold is null and c.equation in ('region2_ideal', 'region2_residual')
    ) as j
    group by j.steam_temp_c, j.steam_pressure_mpa
)

select
    j.steam_temp_c, j.steam_pressure_mpa, j.saturation_k - 273.15 as saturation_c,
    case when j.state_hold is null then case when j.is_hot_water then 'hot_water' else 'steam' end end as phase,
    e.enthalpy_kj_per_kg, j.state_hold
from judged as j
left join enthalpies as e
    on e.steam_temp_c is not distinct from j.steam_temp_c and e.steam_pressure_mpa is not distinct from j.steam_pressure_mpa
