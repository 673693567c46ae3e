{{ config(materialized='table') }}
with held_row as (
    select distinct batch_id, row_no
    from {{ ref('stg_registry__finding') }}
    where stands and severity in ('warning', 'critical') and row_no > 0
),

-- the verdict's quantity counts rows that still wait for their enterprise or month as accepted: they are taken off again
held as (
    select h.batch_id, count(*) as held_rows, {{ exact_sum('q.quantity', decimals=6) }} as waiting_quantity
    from held_row as h
    left join {{ ref('stg_registry__later_quantity') }} as q on h.batch_id = q.batch_id and h.row_no = q.row_no
    group by h.batch_id
),

judged as (
    select
        b.*,
        coalesce(h.held_rows, 0) as held_rows,
        b.quantity_quarantined + coalesce(h.waiting_quantity, 0) as held_quantity
    from {{ ref('stg_registry__batch') }} as b
    left join held as h on b.batch_id = h.batch_id
)

select
    batch_id, source, file_name, sha256, received_at, received_basis, is_synthetic, is_published,
    sender, document, document_date, licence, suite_version, sheet,
    rows_received,
    case when is_refused then 0 else rows_received - held_rows end as rows_accepted,
    case when is_refused then rows_received else held_rows end as rows_quarantined,
    quantity_received,
    case when is_refused then 0.0 * quantity_received else quantity_received - held_quantity end as quantity_accepted,
    case when is_refused then quantity_received else held_quantity end as quantity_quarantined,
    case when is_refused then 'refused' when held_rows > 0 then 'accepted_in_part' else 'accepted' end as outcome,
    case when is_refused then coalesce(refused_by, 'L17-share') end as refused_by,
    case
        when is_refused then coalesce(reason_zh, '不合格的行超过允许的比例，整批暂不入库')
        when held_rows > 0 then cast(held_rows as varchar) || ' 行不合格，已隔离'
    end as reason_zh,
    case
        when is_refused then coalesce(reason_en, 'more rows than allowed are not in order: the load is refused for now')
        when held_rows = 1 then '1 row is not in order and was quarantined'
        when held_rows > 0 then cast(held_rows as varchar) || ' rows are not in order and were quarantined'
    end as reason_en
from judged
