-- one item per batch and check with a standing finding that someone has to settle
{% set days_to_settle = 10 %}  {# our own setting: no rule names a period for a finding #}
select
    cast(md5(f.check_id || '|' || f.batch_id) as varchar) as item_id,
    cast('new' as varchar) as state,
    cast('data_steward' as varchar) as owner,
    cast(cast(min(b.received_at) as date) + interval '{{ days_to_settle }}' day as date) as due_on,
    cast(null as decimal(18, 3)) as tonnes_at_stake,
    cast(f.check_id as varchar) as check_id,
    cast(f.batch_id as varchar) as batch_id,
    cast(min(b.source) as varchar) as source,
    cast(case min(case f.severity when 'critical' then 0 when 'warning' then 1 else 2 end)
        when 0 then 'critical' when 1 then 'warning' else 'info' end as varchar) as severity,
    cast(count(distinct case when f.row_no > 0 then f.row_no end) as bigint) as rows_failed,
    cast(max(case when b.is_synthetic then 1 else 0 end) = 1 as boolean) as is_synthetic
from {{ ref('int_quality__finding') }} as f
inner join {{ ref('int_quality__batch') }} as b on f.batch_id = b.batch_id
where f.severity in ('critical', 'warning') or f.check_id = 'conflicting_deliveries'
    or f.check_id in (select check_id from {{ ref('quality_rule') }})
group by f.check_id, f.batch_id
