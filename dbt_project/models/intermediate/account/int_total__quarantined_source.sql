{{ config(materialized='table') }}
-- Quarantined rows by enterprise, month and source that no later accepted delivery of the same source has made good. What a decision
-- rejected is as if it had never been delivered. estimate_tco2e: what the rows that can be estimated from themselves report (stake.py);
-- null where none can, and unknown_rows says how many cannot.
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
),

estimate as (
    select batch_id, row_no, max(estimate_tco2e) as tco2e
    from {{ ref('stg_registry__delivered_finding') }}
    group by batch_id, row_no
)

select
    h.uscc, h.period, h.source, cast(count(*) as bigint) as quarantined_rows, sum(e.tco2e) as estimate_tco2e,
    count(case when e.tco2e is null then 1 end) as unknown_rows
from held as h
left join accepted as a
    on a.uscc = h.uscc and a.period = h.period and a.source = h.source and a.received_at > h.received_at
left join estimate as e on e.batch_id = h.batch_id and e.row_no = h.row_no
where a.uscc is null
group by h.uscc, h.period, h.source
