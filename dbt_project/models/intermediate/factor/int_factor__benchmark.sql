{{ config(materialized='table') }}
with ranked as (
    select
        item, data_year, value, unit, factor_id, is_unconfirmed,
        row_number() over (
            partition by item, data_year order by is_unconfirmed, is_synthetic, published_on desc nulls last, factor_id
        ) as choice
    from {{ ref('int_factor__current') }}
    where kind = 'benchmark' and data_year is not null
)

select item, data_year, value, unit, factor_id, is_unconfirmed
from ranked
where choice = 1
