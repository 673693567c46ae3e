{{ config(materialized='table') }}
with item as (
    select
        batch_id, check_id, min(source) as source, min(severity_rank) as severity_rank,
        cast(min(first_seen) as date) as first_seen_on, max(reopened_count) as reopened_count,
        count(*) as item_rows, count(case when row_no > 0 then 1 end) as rows_failed,
        count(case when state = 'open' then 1 end) as open_rows,
        count(case when state = 'waiting_for_enterprise' then 1 end) as waiting_rows,
        count(case when state = 'decided' then 1 end) as decided_rows,
        count(case when state = 'obsolete' then 1 end) as obsolete_rows,
        sum(tonnes) as tonnes, count(case when tonnes is null then 1 end) as unknown_rows,
        max(case when basis = 'median_month' then 1 else 0 end) as has_median,
        max(case when basis = 'estimate' then 1 else 0 end) as has_estimate,
        max(case when basis = 'triangulation' then 1 else 0 end) as has_triangulation,
        greatest(count(distinct case when tonnes is null then period end), 1) as unknown_months,
        count(distinct uscc) as enterprises, min(period) as first_period, max(period) as last_period
    from {{ ref('int_worklist__row') }}
    group by batch_id, check_id
),

cell as (
    select distinct i.batch_id, i.check_id, 'prefecture=' || r.prefecture_code as code
    from {{ ref('int_worklist__row') }} as i
    inner join {{ ref('int_current__register_latest') }} as r on r.uscc = i.uscc
    union
    select distinct i.batch_id, i.check_id, 'industry=' || left(r.industry_code, 2)
    from {{ ref('int_worklist__row') }} as i
    inner join {{ ref('int_current__register_latest') }} as r on r.uscc = i.uscc
),

cells as (
    select batch_id, check_id, {{ dbt.listagg('code', "'; '", 'order by code desc') }} as codes
    from cell
    group by batch_id, check_id
),

-- every check that its rows fail or failed: those that still stand first
checks as (
    select batch_id, item_check_id as check_id, {{ dbt.listagg('failed', "';'", 'order by stands desc, failed') }} as checks
    from (
        select batch_id, item_check_id, check_id as failed, max(case when state in ('open', 'waiting_for_enterprise') then 1 else 0 end) as stands
        from {{ ref('int_worklist__row_check') }}
        group by batch_id, item_check_id, check_id
    ) as c
    group by batch_id, item_check_id
),

due as (
    select
        i.batch_id, i.check_id, d.rule, d.days, d.basis_zh || ' | ' || d.basis_en as clause,
        -- counted from a working day: what comes at a weekend counts from the Friday before
        case extract(isodow from i.first_seen_on)
            when 6 then cast(i.first_seen_on - interval '1' day as date)
            when 7 then cast(i.first_seen_on - interval '2' day as date)
            else i.first_seen_on
        end as counted_from
    from item as i
    inner join (select * from {{ ref('deadline') }} where purpose = 'item') as d
        on d.source = i.source or (d.source = '*' and i.source not in (select source from {{ ref('deadline') }} where purpose = 'item'))
)

select
    i.batch_id, i.check_id, i.source, i.severity_rank, i.first_seen_on, i.reopened_count, i.rows_failed, i.open_rows,
    case
        when i.open_rows > 0 and i.reopened_count > 0 then 'reopened'
        when i.open_rows > 0 then 'new'
        when i.waiting_rows > 0 then 'waiting_for_enterprise'
        when i.decided_rows > 0 then 'decided'
        when i.obsolete_rows > 0 then 'obsolete'
        else 'resolved'
    end as state,
    case d.rule
        when 'working_days' then cast(
            d.counted_from + to_days(cast(
                d.days + 2 * floor((extract(isodow from d.counted_from) - 1 + d.days) / 5) as integer
            )) as date)
        -- the first such day of a month from then on
        else cast(
            date_trunc('month', i.first_seen_on) + case when extract(day from i.first_seen_on) > d.days then interval '1' month else interval '0' month end
            + to_days(d.days - 1) as date)
    end as due_on,
    d.clause as due_rule,
    case when i.unknown_rows = 0 then cast(i.tonnes as decimal(18, 3)) end as tonnes_at_stake,
    cast(case
        when i.unknown_rows = 0 then i.tonnes
        when i.source like 'enterprise_%' or i.source in ('power_unit_month', 'meter_reading') then coalesce(i.tonnes, 0) + i.unknown_months * m.tonnes
    end as decimal(18, 3)) as tonnes_at_most,
    case
        when i.unknown_rows > 0 and i.enterprises = 0 then 'unknown_no_enterprise'
        when i.unknown_rows > 0 then 'unknown_no_account'
        when i.has_median = 1 then 'median_month'
        when i.has_estimate = 1 then 'estimate'
        when i.has_triangulation = 1 then 'triangulation'
        else 'ledger'
    end as stake_basis,
    i.enterprises, i.first_period, i.last_period, k.checks,
    case when i.first_period is not null then
        'fct_enterprise_account, fct_total: province=' || {{ night('home_province') }}
        || coalesce('; ' || c.codes, '') || ' @ ' || strftime(i.first_period, '%Y-%m')
        || case when i.last_period > i.first_period then '..' || strftime(i.last_period, '%Y-%m') else '' end
    end as affected_cells
from item as i
inner join due as d on d.batch_id = i.batch_id and d.check_id = i.check_id
inner join checks as k on k.batch_id = i.batch_id and k.check_id = i.check_id
left join cells as c on c.batch_id = i.batch_id and c.check_id = i.check_id
cross join (select sum(tonnes) as tonnes from {{ ref('int_ledger__median_month') }} where source = '*') as m
