select
    r.uscc, r.period, r.period_grain, r.unit_code, r.energy, r.stream,
    cast(year(r.period) as bigint) as slice_year,
    f.fuel_code, f.fuel_group, f.treatment, f.parent, f.is_parent, f.requires_fossil_share,
    f.canonical_unit as activity_unit,
    {{ to_canonical('r.opening_stock', 'u') }} as opening_stock,
    {{ to_canonical('r.purchased', 'u') }} as purchased,
    {{ to_canonical('r.produced', 'u') }} as produced,
    {{ to_canonical('r.consumed', 'u') }} as consumed,
    {{ to_canonical('coalesce(r.feedstock, 0.0)', 'u') }} as feedstock,
    {{ to_canonical('coalesce(r.transformation_input, 0.0)', 'u') }} as transformation_input,
    {{ to_canonical('r.used_elsewhere', 'u') }} as used_elsewhere,
    {{ to_canonical('r.sold', 'u') }} as sold,
    {{ to_canonical('r.closing_stock', 'u') }} as closing_stock,
    {{ to_canonical('r.ncv', 'n') }} as ncv_gj_per_unit,
    {{ to_canonical('r.carbon_content', 'c') }} as carbon_tc_per_gj,
    r.oxidation_rate / 100.0 as oxidation_fraction,
    r.fossil_share / 100.0 as fossil_fraction,
    r.parameter_basis, r.basis as data_basis,
    r.batch_id, r.row_no, r.received_at, r.known_at, r.is_synthetic, r.content_hash
from {{ source('lake', 'enterprise_energy') }} as r
left join {{ ref('fuel') }} as f on f.energy = r.energy
left join {{ ref('unit') }} as u on u.unit_key = r.unit and u.dimension = {{ dimension_of('f.canonical_unit') }}
left join {{ ref('unit') }} as n
    on n.unit_key = r.ncv_unit
    and n.dimension = case when f.canonical_unit = '1e4 Nm3' then 'ncv_volume' else 'ncv_mass' end
left join {{ ref('unit') }} as c on c.unit_key = r.carbon_content_unit and c.dimension = 'carbon_per_energy'
where {{ known('r') }}
