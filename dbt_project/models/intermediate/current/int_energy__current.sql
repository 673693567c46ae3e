{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail', pre_hook='{{ delete_affected() }}'
) }}
-- The rows of enterprise_energy that count, with those in conflict marked: also a parent fuel beside one of its children.
with counted as (
    select * from (
        {{ enterprise_current(ref('stg_enterprise_energy'), ['unit_code', 'energy', 'stream']) }}
    ) as c
),

families as (
    select *,
        max(case when conflict is null and superseded_by is null and is_parent then 1 else 0 end)
            over (partition by uscc, period, period_grain, unit_code, coalesce(nullif(parent, ''), energy)) as has_parent,
        max(case when conflict is null and superseded_by is null and coalesce(parent, '') <> '' and parent <> energy then 1 else 0 end)
            over (partition by uscc, period, period_grain, unit_code, coalesce(nullif(parent, ''), energy)) as has_child
    from counted
)

select * exclude (conflict, has_parent, has_child),
    case
        when conflict is not null then conflict
        when has_parent = 1 and has_child = 1 and superseded_by is null then 'parent_beside_child'
    end as conflict
from families
