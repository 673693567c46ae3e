{{ config(materialized='table') }}
-- Tonnes that hang on each row of an item, and where they come from.
with valued as (
    select
        i.*,
        case
            when x.tonnes is not null then 'triangulation' when t.tonnes is not null then 'ledger' when i.estimate_tco2e is not null then 'estimate'
            when m.tonnes is not null then 'median_month' else 'unknown'
        end as basis,
        coalesce(x.tonnes, t.tonnes, i.estimate_tco2e) as own_tonnes,
        m.tonnes as month_tonnes,
        row_number() over (
            partition by i.batch_id, i.check_id, i.uscc, i.period, case when coalesce(x.tonnes, t.tonnes, i.estimate_tco2e) is null then 1 else 0 end
            order by i.row_no
        ) as nth_of_month
    from {{ ref('int_worklist__row') }} as i
    left join {{ ref('int_triangulation__finding') }} as x on x.batch_id = i.batch_id and x.row_no = i.row_no and x.check_id = i.check_id
    left join {{ ref('int_ledger__row_tonnes') }} as t on t.batch_id = i.batch_id and t.row_no = i.row_no
    left join {{ ref('int_ledger__median_month') }} as m on m.uscc = i.uscc
)

-- rows of one enterprise and month that say nothing themselves hang on one month together
select *,
    case
        when own_tonnes is not null then own_tonnes
        when month_tonnes is not null and nth_of_month = 1 then month_tonnes
        when month_tonnes is not null then 0
    end as tonnes
from valued
