select
    r.uscc, r.period, r.period_grain, r.unit_code, r.carrier, r.direction, r.origin,
    cast(year(r.period) as bigint) as slice_year,
    case r.carrier when '电力' then 'MWh' else 'GJ' end as activity_unit,
    {{ to_canonical('r.quantity', 'u') }} as quantity,
    nullif(trim(r.certificate_id), '') as certificate_id,
    r.emission_factor as declared_factor, r.supplier_uscc,
    r.steam_t, r.steam_temp_c, r.steam_pressure_mpa,
    r.batch_id, r.row_no, r.received_at, r.known_at, r.is_synthetic, r.content_hash
from {{ source('lake', 'enterprise_power_heat') }} as r
left join {{ ref('unit') }} as u
    on u.unit_key = r.unit and u.dimension = case r.carrier when '电力' then 'electricity' else 'energy' end
where {{ known('r') }}
