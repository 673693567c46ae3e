{{ config(materialized='table') }}
-- Emission of each delivered row in the ledger: the account's own method, power from the location view.
select l.batch_id, l.row_no, sum(abs(l.emission_common_tco2e)) as tonnes
from {{ ref('int_ledger__line') }} as l
where l.hold is null and l.emission_source <> 'biomass_memo' and coalesce(l.electricity_view, 'location') = 'location'
    and l.emission_common_tco2e is not null
group by l.batch_id, l.row_no
having count(*) > 0 and sum(abs(l.emission_common_tco2e)) > 0
