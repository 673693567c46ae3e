-- Removals of a division and year. A ledger of its own: never netted with emissions, and no total of emissions reads it. Divisions are not
-- added up: a province may be delivered beside its prefectures.
select
    cast(division_code as varchar) as division_code,
    cast(year as integer) as year,
    cast(sum(removal_tco2) as decimal(18, 3)) as removal_tco2,
    cast(count(*) as bigint) as land_classes,
    cast(count(case when removal_tco2 is null then 1 end) as bigint) as held_back_rows,
    cast(max(case when is_synthetic then 1 else 0 end) = 1 as boolean) as is_synthetic
from {{ ref('fct_carbon_sink_year') }}
group by division_code, year
order by 2, 1
