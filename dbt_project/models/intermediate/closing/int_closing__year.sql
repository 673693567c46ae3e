{{ config(materialized='table') }}
select
    m.slice_year,
    case
        when m.months < 12
            or not {{ is_due('make_date(cast(m.slice_year as integer), 12, 1)', 'd.days') }} then 'not_due'
        when g.gate is null or g.gate = 'not_assessable' then 'no_top_down_total'
        when g.gate = 'refused' then 'unexplained_share'
    end as hindrance
from (
    select cast(year(period) as bigint) as slice_year, count(distinct period) as months
    from {{ ref('int_total__registered') }}
    group by cast(year(period) as bigint)
) as m
cross join {{ ref('deadline') }} as d
left join {{ ref('int_reconciliation__gate') }} as g on g.level = 'province' and g.year = m.slice_year
where d.purpose = 'delivery' and d.source = 'enterprise_energy'
