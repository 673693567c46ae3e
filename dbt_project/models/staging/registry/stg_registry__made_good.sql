-- Rows whose key another known row of the same source has; `later` when that one was received later, `in_same_file`
-- when it stands in the same file (of identical rows the first entered).
select m.batch_id, m.row_no, m.later, m.in_same_file
from {{ source('registry', 'made_good') }} as m
