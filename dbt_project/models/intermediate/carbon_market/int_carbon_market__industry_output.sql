with process_rows as (
    select uscc, slice_year, item, quantity, is_synthetic,
        row_number() over (
            partition by uscc, period, period_grain, unit_code, item, stream
            order by case role when '过程' then 1 when '原料' then 2 when '辅料' then 3 when '产品固碳' then 4 when '回收' then 5 else 6 end
        ) as role_choice
    from {{ ref('int_current__process') }}
    where {{ counts() }}
),

reported as (
    select uscc, slice_year, 'enterprise_process' as source, item, quantity, is_synthetic
    from process_rows
    where role_choice = 1
    union all
    select o.uscc, o.slice_year, 'enterprise_output' as source, o.item, o.quantity * case when o.reported_unit is null then 1.0 else u.factor end as quantity,
        o.is_synthetic
    from {{ ref('int_current__output') }} as o
    left join {{ ref('unit') }} as u on u.unit_key = o.reported_unit and u.dimension = 'mass'
    where {{ counts('o') }}
),

summed as (
    select
        r.uscc, r.slice_year, p.sector, p.source, p.priority, {{ exact_sum('r.quantity', decimals=6) }} as output_t,
        count(distinct r.item) as items, max(r.item) as one_item, bool_or(r.is_synthetic) as is_synthetic
    from reported as r
    inner join {{ ref('ets_product') }} as p on p.source = r.source and p.item = r.item
    where r.quantity is not null
    group by r.uscc, r.slice_year, p.sector, p.source, p.priority
)

select uscc, slice_year, sector, source, output_t, case when items = 1 then one_item end as only_item, is_synthetic
from (
    select *, row_number() over (partition by uscc, slice_year, sector order by priority) as choice
    from summed
) as ranked
where choice = 1
