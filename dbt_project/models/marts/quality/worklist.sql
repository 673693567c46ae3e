-- one item per batch and gravest check of its rows that someone has to settle or has settled; what cannot be weighed first, then the most tonnes
with hangs as (
    select item_id, sum(case when kind = 'allowance_gap' then {{ decimal_of('figure', 3, 18) }} end) as allowance_gap_t,
        {{ dbt.listagg("case when kind = 'target' then code end", "';'", "order by code") }} as targets
    from (select distinct item_id, kind, code, case when kind = 'allowance_gap' then period end as period, case when kind = 'allowance_gap' then figure end as figure
        from {{ ref('worklist_stake') }}) as s
    group by item_id
)

select
    cast({{ item_id('i') }} as varchar) as item_id,
    cast(i.state as varchar) as state,
    cast(case when i.state = 'waiting_for_enterprise' then 'enterprise' else 'data_steward' end as varchar) as owner,
    cast(i.due_on as date) as due_on,
    cast(i.tonnes_at_stake as decimal(18, 3)) as tonnes_at_stake,
    cast(i.tonnes_at_most as decimal(18, 3)) as tonnes_at_most,
    cast(i.stake_basis as varchar) as stake_basis,
    cast(i.check_id as varchar) as check_id,
    cast(i.checks as varchar) as checks,
    cast(i.batch_id as varchar) as batch_id,
    cast(i.source as varchar) as source,
    cast(case i.severity_rank when 0 then 'critical' when 1 then 'warning' else 'info' end as varchar) as severity,
    cast(i.rows_failed as bigint) as rows_failed,
    cast(i.open_rows as bigint) as open_rows,
    cast(i.enterprises as bigint) as enterprises,
    cast(i.affected_cells as varchar) as affected_cells,
    cast(h.targets as varchar) as targets,
    cast(h.allowance_gap_t as decimal(18, 3)) as allowance_gap_t,
    cast(i.first_seen_on as date) as first_seen_on,
    cast(i.reopened_count as bigint) as reopened_count,
    cast(i.due_rule as varchar) as due_rule,
    cast(b.is_synthetic as boolean) as is_synthetic
from {{ ref('int_worklist__item') }} as i
inner join {{ ref('int_delivery__batch') }} as b on i.batch_id = b.batch_id
left join hangs as h on h.item_id = {{ item_id('i') }}
order by tonnes_at_stake desc nulls first, due_on, item_id
