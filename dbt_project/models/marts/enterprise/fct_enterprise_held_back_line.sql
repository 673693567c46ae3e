-- Activity that makes no line yet, with the reason: shown, counted, never taken as zero.
select
    cast(l.line_id as varchar) as line_id, cast(uscc as varchar) as uscc, cast(period as date) as period,
    cast(period_grain as varchar) as period_grain, cast(unit_code as varchar) as unit_code,
    cast(l.division_code as varchar) as division_code, cast(k.prefecture as varchar) as prefecture_code,
    cast(l.industry_code as varchar) as industry_code, cast(k.industry_section as varchar) as industry_section, cast(k.field as varchar) as field,
    cast(method_code as varchar) as method_code, cast(method_version as varchar) as method_version,
    cast(emission_source as varchar) as emission_source, cast(item as varchar) as item, cast(stream as varchar) as stream,
    cast(electricity_view as varchar) as electricity_view, cast(activity_quantity as double) as activity_quantity,
    cast(activity_unit as varchar) as activity_unit, cast(t.tco2e as decimal(18, 3)) as held_back_tco2e, cast(hold as varchar) as reason_code,
    cast(coalesce(h.zh, hold) as varchar) as reason_zh, cast(coalesce(h.en, hold) as varchar) as reason_en,
    cast(delivery_source as varchar) as source, cast(batch_id as varchar) as batch_id, cast(row_no as bigint) as row_no,
    cast(is_synthetic as boolean) as is_synthetic
from {{ ref('int_ledger__line') }} as l
left join {{ ref('int_ledger__level_code') }} as k
    on k.division_code is not distinct from l.division_code and k.industry_code is not distinct from l.industry_code
    and k.own_field is not distinct from l.own_field
left join {{ ref('int_total__held_line') }} as t on t.line_id = l.line_id
left join {{ ref('hold_reason') }} as h on h.hold_code = l.hold
where hold is not null
order by period, uscc, line_id
