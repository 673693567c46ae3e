{{ config(materialized='table') }}
with settled as (
    select
        i.batch_id, i.row_no, i.item_check_id as check_id, min(i.source) as source, min(i.uscc) as uscc, min(i.period) as period,
        min(i.severity_rank) as severity_rank, min(i.first_seen) as first_seen, max(i.reopened_count) as reopened_count,
        max(i.estimate_tco2e) as estimate_tco2e, max(x.tonnes) as gap_tonnes, count(*) = count(x.check_id) as is_gap_alone,
        -- a row is settled when the last of its checks is
        case
            when max(case when i.state = 'open' then 1 else 0 end) = 1 then 'open'
            when max(case when i.state = 'waiting_for_enterprise' then 1 else 0 end) = 1 then 'waiting_for_enterprise'
            when max(case when i.state = 'decided' then 1 else 0 end) = 1 then 'decided'
            when max(case when i.state = 'obsolete' then 1 else 0 end) = 1 then 'obsolete'
            else 'resolved'
        end as state
    from {{ ref('int_worklist__row_check') }} as i
    left join {{ ref('int_triangulation__finding') }} as x on x.batch_id = i.batch_id and x.row_no = i.row_no and x.check_id = i.check_id
    group by i.batch_id, i.row_no, i.item_check_id
),

valued as (
    select
        i.*,
        case
            when i.is_gap_alone and i.gap_tonnes is not null then 'triangulation'
            when t.tonnes is not null then 'ledger' when i.estimate_tco2e is not null then 'estimate' when i.gap_tonnes is not null then 'triangulation'
            when coalesce(o.tonnes, m.tonnes) is not null then 'median_month' else 'unknown'
        end as basis,
        case
            when i.is_gap_alone and i.gap_tonnes is not null then i.gap_tonnes
            else coalesce(t.tonnes, i.estimate_tco2e, i.gap_tonnes)
        end as own_tonnes,
        coalesce(o.tonnes, m.tonnes) as month_tonnes
    from settled as i
    left join {{ ref('int_ledger__row_tonnes') }} as t on t.batch_id = i.batch_id and t.row_no = i.row_no
    left join {{ ref('int_ledger__median_month') }} as o on o.uscc = i.uscc and o.source = i.source
    left join {{ ref('int_ledger__median_month') }} as m on m.uscc = i.uscc and m.source = '*'
),

numbered as (
    select *, row_number() over (
        partition by batch_id, check_id, uscc, period, case when own_tonnes is null then 1 else 0 end order by row_no
    ) as nth_of_month
    from valued
)

-- rows of one enterprise and month that say nothing themselves hang on one month together
select *,
    case
        when own_tonnes is not null then own_tonnes
        when month_tonnes is not null and nth_of_month = 1 then month_tonnes
        when month_tonnes is not null then 0
    end as tonnes
from numbered
