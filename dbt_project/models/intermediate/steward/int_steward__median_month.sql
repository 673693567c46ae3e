{{ config(materialized='table') }}
-- The middle month of each enterprise, in all (source `*`) and of what each source delivers: what a row hangs on when nothing can be said from the
-- row itself.
with line as (
    select l.uscc, l.period, b.source, abs(l.emission_common_tco2e) as tonnes
    from {{ ref('int_ledger__line') }} as l
    inner join {{ ref('stg_registry__batch') }} as b on b.batch_id = l.batch_id
    where l.hold is null and l.emission_source <> 'biomass_memo' and coalesce(l.electricity_view, 'location') = 'location'
        and l.period_grain = 'month' and l.emission_common_tco2e is not null
),

month as (
    select uscc, '*' as source, period, sum(tonnes) as tonnes from line group by uscc, period
    union all
    select uscc, source, period, sum(tonnes) from line group by uscc, source, period
)

select uscc, source, cast(median(tonnes) as decimal(18, 3)) as tonnes
from month
group by uscc, source
