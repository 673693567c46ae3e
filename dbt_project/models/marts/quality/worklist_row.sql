-- one row per row (or file) and check of an item of the worklist, and how far it has come
select
    cast({{ item_id('i', 'item_check_id') }} as varchar) as item_id,
    cast(i.batch_id as varchar) as batch_id,
    cast(i.row_no as bigint) as row_no,
    cast(i.check_id as varchar) as check_id,
    cast(i.state as varchar) as state,
    cast(i.uscc as varchar) as uscc,
    cast(i.period as date) as period,
    cast(b.is_synthetic as boolean) as is_synthetic
from {{ ref('int_worklist__row_check') }} as i
inner join {{ ref('int_delivery__batch') }} as b on b.batch_id = i.batch_id
