with line as (
    select 'official' as side, l.* from {{ ref('int_ledger__line') }} as l
    union all by name
    select 'would_be' as side, l.* from ({{ account_lines() }}) as l
),

measured as (
    select
        side, line_id, uscc, slice_year, division_code, industry_code, own_field, batch_id, row_no, factor_id, is_synthetic, emission_common_tco2e,
        case when {{ is_direct() }} then 'direct_tco2e' else 'purchased_power_location_tco2e' end as measure
    from line
    where hold is null and division_code is not null and ({{ is_direct() }} or electricity_view = 'location')
)

select
    m.side, m.measure, m.line_id, m.slice_year as year, m.batch_id, m.row_no, m.factor_id, m.emission_common_tco2e, m.is_synthetic, m.uscc as enterprise,
    y.release_id as closing_release_id, y.closed_by, y.closed_on,
    {% for level in total_levels() %}k.{{ level }}{{ ', ' if not loop.last }}{% endfor %}
from measured as m
inner join {{ ref('stg_registry__closed_year') }} as y on y.year = m.slice_year
left join {{ ref('int_ledger__level_code') }} as k
    on k.division_code is not distinct from m.division_code and k.industry_code is not distinct from m.industry_code
    and k.own_field is not distinct from m.own_field
