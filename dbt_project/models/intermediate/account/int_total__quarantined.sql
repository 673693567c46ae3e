-- Quarantined rows by enterprise and month that no later accepted delivery of the same source has made good. What a decision
-- rejected is as if it had never been delivered.
with held as (
    select f.uscc, f.period, f.source, f.batch_id, f.row_no, max(f.holds_from) as received_at
    from {{ ref('stg_registry__finding') }} as f
    cross join {{ source('registry', 'night') }} as n
    where f.severity = 'warning' and f.check_id not in ('S01-row-rejected', 'S02-batch-withdrawn')
        and f.batch_id not in (select batch_id from {{ ref('stg_registry__finding') }} where check_id = 'S02-batch-withdrawn')
        and f.uscc is not null and f.period is not null
        and f.holds_from <= n.knowledge_end and (f.holds_until is null or f.holds_until > n.knowledge_end)
    group by f.uscc, f.period, f.source, f.batch_id, f.row_no
),

accepted as (
    {% for name in ['energy', 'process', 'power_heat', 'output'] -%}
    select uscc, period, 'enterprise_{{ name }}' as source, max(received_at) as received_at
    from {{ ref('int_' ~ name ~ '__current') }}
    group by uscc, period
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select h.uscc, h.period, cast(count(*) as bigint) as quarantined_rows
from held as h
left join accepted as a
    on a.uscc = h.uscc and a.period = h.period and a.source = h.source and a.received_at > h.received_at
where a.uscc is null
group by h.uscc, h.period
