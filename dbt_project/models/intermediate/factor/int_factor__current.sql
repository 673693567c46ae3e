{{ config(materialized='table') }}
with ranked as (
    select *,
        row_number() over (
            partition by kind, item, method_version, area, data_year, status,
                -- the dates of a grid factor or benchmark tell its publication: its data year decides, not its validity
                case when kind not in ('grid', 'benchmark') then valid_from end,
                case when kind not in ('grid', 'benchmark') then valid_to end
            order by is_synthetic, received_at desc, factor_id
        ) as recency
    from ({{ known_factors() }}) as known_factor
    where conflict is null and status <> 'withdrawn'
)

select
    factor_id, kind, item, value, unit, gas, method_version, area, data_year, valid_from, valid_to, published_on,
    confidence, status, document, status = 'unconfirmed' as is_unconfirmed, is_synthetic, received_at, batch_id, row_no
from ranked
where recency = 1
