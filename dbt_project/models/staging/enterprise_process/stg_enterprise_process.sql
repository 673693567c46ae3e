select
    r.uscc, r.period, r.period_grain, r.unit_code, r.role, r.item, r.stream,
    cast(year(r.period) as bigint) as slice_year,
    i.param_code is not null as in_vocabulary,
    coalesce(i.unit, r.unit, 't') as activity_unit,
    r.unit as reported_unit,
    case when i.param_code is null then r.quantity else r.quantity * coalesce(u.factor / own.factor, 1.0) end as quantity,
    r.emission_factor as declared_factor, r.emission_factor_unit as declared_factor_unit,
    r.carbon_content as carbon_tc_per_t, r.purity / 100.0 as purity_fraction,
    r.batch_id, r.row_no, r.received_at, r.known_at, r.is_synthetic, r.content_hash
from {{ source('lake', 'enterprise_process') }} as r
left join {{ ref('activity_item') }} as i on i.param_code = r.item
left join {{ ref('unit') }} as u on u.unit_key = r.unit and u.dimension = i.dimension
left join (
    select unit_key, dimension, max(factor) as factor from {{ ref('unit') }} group by unit_key, dimension
) as own on own.unit_key = lower(replace(i.unit, ' ', '')) and own.dimension = i.dimension
where {{ known('r') }}
