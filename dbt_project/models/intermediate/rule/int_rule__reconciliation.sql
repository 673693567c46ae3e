with judged as (
    select g.*, c.batch_id, c.row_no, cast(null as varchar) as uscc, make_date(g.year, 1, 1) as period,
        row_number() over (partition by g.division_code, g.year order by c.batch_id, c.row_no) as place
    from {{ ref('int_reconciliation__gate') }} as g
    inner join {{ ref('int_inventory__balance_cell') }} as c on c.division_code = g.division_code and c.year = g.year
    where g.gate in ('warning', 'refused') or g.large_share is not null
)

select {{ rule_finding(
    'B01-unexplained-share', 'j', 'quantity', shown('j.share * 100.0', 2), "cast(j.year as varchar) || ' ' || j.division_code",
    "case j.gate when 'refused' then '该年不得定为最终' else '请核对' end",
    "case j.gate when 'refused' then 'the year cannot be final' else 'to be looked into' end",
    source='energy_balance'
) }}
from judged as j
where j.place = 1 and j.gate in ('warning', 'refused')
union all
select {{ rule_finding(
    'B02-large-cause', 'j', 'quantity', shown('j.large_share * 100.0', 2), "cast(j.year as varchar) || ' ' || j.division_code", 'j.large_zh', 'j.large_en',
    source='energy_balance'
) }}
from judged as j
where j.place = 1 and j.large_share is not null
