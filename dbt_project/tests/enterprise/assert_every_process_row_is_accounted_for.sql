-- every row of enterprise_process that counts makes a line, is used by one (int_ledger__process_use), or is held back
select r.batch_id, r.row_no, r.item
from {{ ref('int_current__process') }} as r
where {{ counts('r') }} and {{ affected('r') }}
    and not exists (
        select 1 from {{ ref('int_ledger__line') }} as l
        where l.delivery_source = 'enterprise_process' and l.batch_id = r.batch_id and l.row_no = r.row_no
    )
    and not exists (
        select 1 from {{ ref('int_ledger__process_use') }} as u where u.batch_id = r.batch_id and u.row_no = r.row_no
    )
