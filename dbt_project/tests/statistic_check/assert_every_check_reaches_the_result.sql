-- What a part of the checks on statistics finds stands in their result, as often as it found it.
with part as (
    {% for name in ['balance_cell', 'balance_neighbour', 'grid'] %}
    {% if not loop.first %}union all{% endif %}
    select check_id, batch_id, row_no, expected, found from {{ ref('int_statistic_check__' ~ name) }}
    {% endfor %}
),

counted as (
    select check_id, batch_id, row_no, count(*) as parts from part group by check_id, batch_id, row_no
)

select p.check_id, p.batch_id, p.row_no, p.parts, count(r.check_id) as results
from counted as p
left join {{ ref('int_statistic_check__result') }} as r on r.check_id = p.check_id and r.batch_id = p.batch_id and r.row_no = p.row_no
group by p.check_id, p.batch_id, p.row_no, p.parts
having count(r.check_id) < p.parts
