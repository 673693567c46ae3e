with odd as (
    select c.*, cast(null as varchar) as uscc
    from {{ ref('int_statistic_check__result') }} as c
    inner join {{ ref('stg_registry__batch') }} as b on b.batch_id = c.batch_id and not b.is_published
)

select
    o.check_id, o.source, o.batch_id, o.row_no, o.uscc, o.period,
    case o.source when 'energy_balance' then 'quantity' when 'grid_generation' then 'generation' else 'value' end as column_name,
    case o.check_id when 'Q08-sector-table' then o.indicator else {{ shown('o.found') }} end as reported_value,
    {{ shown('o.expected') }} as other_value, o.what_zh, o.what_en
from odd as o
inner join {{ ref('quality_rule') }} as r on r.check_id = o.check_id
