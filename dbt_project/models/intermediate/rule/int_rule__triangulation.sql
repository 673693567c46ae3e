select
    check_id, source, batch_id, row_no, uscc, period, column_name, reported_value, quantity as other_value, what_zh, what_en
from {{ ref('int_triangulation__finding') }}
