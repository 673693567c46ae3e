{{ config(materialized='table', post_hook='{{ stand_closed() }}') }}
with ledger as (
    select period as first_month, period as last_month from {{ ref('int_ledger__boundary') }} where period_grain = 'month'
    union all
    select period, cast(period + interval 11 month as date) from {{ ref('int_ledger__boundary') }} where period_grain = 'year'
),

due as (
    select {{ last_due_month(deadline_days('delivery', 'enterprise_energy')) }} as last_due
),

span as (
    select least(min(l.first_month), max(d.last_due)) as first_month, greatest(max(l.last_month), max(d.last_due)) as last_month,
        max(d.last_due) as last_due
    from due as d
    left join ledger as l on true
),

months as (
    select cast(unnest(generate_series(first_month, last_month, interval 1 month)) as date) as period, last_due from span
),

in_force as (
    select
        m.period, m.period <= m.last_due as is_due, r.uscc, r.enterprise_name, r.division_code, r.industry_code, r.operating_from, r.operating_to, r.is_synthetic,
        row_number() over (partition by m.period, r.uscc order by r.valid_from desc) as recency
    from months as m
    inner join {{ ref('int_current__register') }} as r
        on r.conflict is null and r.valid_from < m.period + interval 1 month
),

account as (
    select p.uscc, p.period, p.period_grain, p.sources_delivered, p.sources_due, b.hold
    from {{ ref('int_account__presence') }} as p
    inner join {{ ref('int_ledger__boundary') }} as b on b.uscc = p.uscc and b.period = p.period and b.period_grain = p.period_grain
),

presence as (
    select uscc, period, sources_delivered, sources_due, hold from account where period_grain = 'month'
    union all
    select a.uscc, cast(a.period + to_months(cast(m as integer)) as date), a.sources_delivered, a.sources_due, a.hold
    from account as a
    cross join range(0, 12) as t(m)
    where a.period_grain = 'year'
),

reported as (
    select uscc, period, max(sources_delivered) as sources_delivered, max(sources_due) as sources_due, max(hold) as account_hold
    from presence
    group by uscc, period
)

select
    f.period, f.is_due, f.uscc, f.enterprise_name, f.division_code, f.industry_code, f.is_synthetic, r.uscc is not null as has_reported,
    r.account_hold,
    coalesce(r.sources_delivered, 0) as sources_delivered, r.sources_due,
    coalesce(q.quarantined_rows, 0) as quarantined_rows,
    {{ in_operation('f', 's', 'f.period') }} as in_operation
from in_force as f
left join {{ ref('int_current__succession') }} as s on s.uscc = f.uscc
left join reported as r on r.uscc = f.uscc and r.period = f.period
left join (
    select uscc, period, cast(sum(quarantined_rows) as bigint) as quarantined_rows from {{ ref('int_account__quarantined_source') }} group by uscc, period
) as q on q.uscc = f.uscc and q.period = f.period
where f.recency = 1
