{{ config(materialized='table') }}
with month as (
    select uscc, '*' as source, period, tonnes from ({{ month_tonnes(['uscc']) }}) as all_sources
    union all
    select uscc, source, period, tonnes from ({{ month_tonnes(['uscc', 'source']) }}) as by_source
)

select uscc, source, cast(median(tonnes) as decimal(18, 3)) as tonnes
from month
group by uscc, source
