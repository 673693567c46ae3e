-- Batches at the knowledge date. A batch is refused when a load rule says so, or while too few of its rows are in order.
-- Quarantined are the rows with a standing finding above `info`; the rest of a batch that is not refused is accepted.
with held as (
    select batch_id, count(distinct row_no) as held_rows
    from {{ ref('int_quality__finding') }}
    where severity in ('warning', 'critical') and row_no > 0
    group by batch_id
),

-- rows that wait for their enterprise or their month: the quantities of the verdict count them as accepted
waiting as (
    select batch_id
    from {{ ref('int_quality__finding') }}
    where severity in ('warning', 'critical') and row_no > 0
    group by batch_id
    having count(holds_until) > 0
),

judged as (
    select
        b.*,
        b.refused_by is not null or b.passes_from is null or b.passes_from > {{ knowledge_end() }} as is_refused,
        coalesce(h.held_rows, 0) as held_rows,
        w.batch_id is not null as has_waiting_rows
    from {{ ref('stg_registry__batch') }} as b
    left join held as h on b.batch_id = h.batch_id
    left join waiting as w on b.batch_id = w.batch_id
)

select
    batch_id, source, file_name, sha256, received_at, received_basis, is_synthetic, is_published,
    sender, document, document_date, licence, suite_version,
    rows_received,
    case when is_refused then 0 else rows_received - held_rows end as rows_accepted,
    case when is_refused then rows_received else held_rows end as rows_quarantined,
    quantity_received,
    case when is_refused then 0.0 * quantity_received when not has_waiting_rows then quantity_received - quantity_quarantined end as quantity_accepted,
    case when is_refused then quantity_received when not has_waiting_rows then quantity_quarantined end as quantity_quarantined,
    case when is_refused then 'refused' when held_rows > 0 then 'accepted_in_part' else 'accepted' end as outcome,
    case when is_refused then coalesce(refused_by, 'L17-share') end as refused_by,
    case
        when is_refused then coalesce(reason_zh, '不合格的行超过允许的比例，整批暂不入库')
        when held_rows > 0 then cast(held_rows as varchar) || ' 行不合格，已隔离'
    end as reason_zh,
    case
        when is_refused then coalesce(reason_en, 'more rows than allowed are not in order: the load is refused for now')
        when held_rows > 0 then cast(held_rows as varchar) || ' rows are not in order and were quarantined'
    end as reason_en
from judged
