{{ config(materialized='table') }}
with versions as (
    select distinct version from {{ ref('method_version') }}
),

ranked as (
    select
        v.version, f.segment_from, f.segment_to, f.item as factor_item, f.gas, f.factor_id, f.unit, f.is_unconfirmed,
        case when f.unit = '%' then f.value / 100.0 else f.value end as value,
        row_number() over (
            partition by v.version, f.item, f.segment_from
            order by f.method_version <> v.version, f.is_unconfirmed, f.is_synthetic, f.received_at desc, f.factor_id
        ) as choice
    from versions as v
    inner join (select f.*, s.segment_from, s.segment_to from {{ factors_in_force() }}) as f on f.method_version in (v.version, '')
    where f.kind = 'process'
)

select
    version, factor_item, segment_from, segment_to, gas, factor_id, unit, value,
    case when is_unconfirmed then 'unconfirmed' else 'method_default' end as tier
from ranked
where choice = 1
