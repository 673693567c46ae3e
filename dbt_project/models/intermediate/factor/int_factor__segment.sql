{{ config(materialized='table') }}
-- Stretches of time within which no validity of a factor begins or ends: half-open, without gap or overlap.
-- Where no factor states a validity there is one stretch, all of time.
with bounds as (
    select date '1900-01-01' as bound
    union
    select valid_from from {{ ref('int_factor__current') }} where kind not in ('grid', 'benchmark') and valid_from is not null
    union
    select valid_to from {{ ref('int_factor__current') }} where kind not in ('grid', 'benchmark') and valid_to is not null
)

select
    bound as segment_from,
    coalesce(lead(bound) over (order by bound), date '9999-12-31') as segment_to
from bounds
