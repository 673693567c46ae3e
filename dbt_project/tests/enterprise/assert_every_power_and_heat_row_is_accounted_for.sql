-- every row of enterprise_power_heat that counts makes a line, or lies outside by name (int_ledger__power_heat_row), never both
select r.batch_id, r.row_no, r.carrier, r.direction, r.origin
from {{ ref('int_current__power_heat') }} as r
left join {{ ref('int_ledger__power_heat_row') }} as o on o.uscc = r.uscc and o.batch_id = r.batch_id and o.row_no = r.row_no and o.outside is not null
left join (
    select distinct batch_id, row_no from {{ ref('int_ledger__line') }} where delivery_source = 'enterprise_power_heat'
) as l on l.batch_id = r.batch_id and l.row_no = r.row_no
where {{ counts('r') }} and {{ affected('r') }} and (o.batch_id is null) = (l.batch_id is null)
