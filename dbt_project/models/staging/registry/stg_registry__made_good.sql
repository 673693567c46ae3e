-- Rows whose key another known row of the same source has; `later` when that one was received later.
select m.batch_id, m.row_no, m.later
from {{ source('registry', 'made_good') }} as m
