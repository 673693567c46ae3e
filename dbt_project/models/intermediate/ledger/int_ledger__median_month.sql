{{ config(materialized='table') }}
select uscc, cast(median(tonnes) as decimal(18, 3)) as tonnes
from (
    select l.uscc, l.period, sum(abs(l.emission_common_tco2e)) as tonnes
    from {{ ref('int_ledger__line') }} as l
    where l.hold is null and l.emission_source <> 'biomass_memo' and {{ in_location_view('l') }}
        and l.period_grain = 'month' and l.emission_common_tco2e is not null
    group by l.uscc, l.period
) as months
group by uscc
