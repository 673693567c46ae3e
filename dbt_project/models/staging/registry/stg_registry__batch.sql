-- batches received by the knowledge date, with the verdict on them
select
    cast(b.batch_id as varchar) as batch_id,
    cast(b.source as varchar) as source,
    cast(b.file_name as varchar) as file_name,
    cast(b.sha256 as varchar) as sha256,
    cast(b.received_at as timestamp) as received_at,
    cast(b.received_basis as varchar) as received_basis,
    cast(b.is_synthetic as integer) = 1 as is_synthetic,
    cast(b.is_published as integer) = 1 as is_published,
    cast(b.sender as varchar) as sender,
    cast(b.document as varchar) as document,
    cast(b.document_date as varchar) as document_date,
    cast(b.licence as varchar) as licence,
    cast(b.suite_version as varchar) as suite_version,
    cast(b.sheet as varchar) as sheet,
    cast(b.rows_received as bigint) as rows_received,
    cast(b.refused_by as varchar) as refused_by,
    cast(b.reason_zh as varchar) as reason_zh,
    cast(b.reason_en as varchar) as reason_en,
    cast(b.passes_from as timestamp) as passes_from,
    b.refused_by is not null or b.passes_from is null or cast(b.passes_from as timestamp) > {{ knowledge_end() }} as is_refused,
    cast(b.quantity_received as double) as quantity_received,
    cast(b.quantity_quarantined as double) as quantity_quarantined
from {{ source('registry', 'batch') }} as b
where cast(b.received_at as timestamp) <= {{ knowledge_end() }}
