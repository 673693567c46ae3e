{{ config(materialized='table') }}
with held as (
    select f.uscc, f.period, f.source, f.batch_id, f.row_no
    from {{ ref('stg_registry__finding') }} as f
    left join {{ ref('stg_registry__made_good') }} as m on m.batch_id = f.batch_id and m.row_no = f.row_no
    where f.severity = 'warning' and f.check_id not in ('S01-row-rejected', 'S02-batch-withdrawn')
        and f.batch_id not in (select batch_id from {{ ref('stg_registry__finding') }} where check_id = 'S02-batch-withdrawn')
        and f.uscc is not null and f.period is not null
        and f.stands
        and not coalesce(m.later, false)
    group by f.uscc, f.period, f.source, f.batch_id, f.row_no
    having not bool_or(f.check_id = 'K05-parent-beside-child' or (f.check_id = 'K02-duplicate-row' and coalesce(m.in_same_file, false)))
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
left join estimate as e on e.batch_id = h.batch_id and e.row_no = h.row_no
group by h.uscc, h.period, h.source
