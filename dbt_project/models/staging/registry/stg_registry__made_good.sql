select m.batch_id, m.row_no, m.later, m.in_same_file
from {{ source('registry', 'made_good') }} as m
