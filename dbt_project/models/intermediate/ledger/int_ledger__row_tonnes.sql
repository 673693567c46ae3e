{{ config(materialized='table') }}
with on_factor as (
    select f.batch_id, f.row_no, l.electricity_view, sum(abs(l.emission_common_tco2e)) as tonnes
    from {{ ref('int_factor__standing') }} as f
    inner join {{ ref('int_factor__standing') }} as p
        on p.standing = 'published' and p.kind = f.kind and p.item = f.item and p.method_version = f.method_version and p.area = f.area
        and p.data_year is not distinct from f.data_year
    inner join (
        select distinct factor_id as factor_ids, unnest(string_split(factor_id, '+')) as factor_id from {{ ref('int_ledger__line') }}
    ) as i on i.factor_id = p.factor_id
    inner join {{ ref('int_ledger__line') }} as l on l.factor_id = i.factor_ids
    where f.standing = 'waiting' and l.hold is null and l.emission_source <> 'biomass_memo'
    group by f.batch_id, f.row_no, l.electricity_view
    union all
    select f.batch_id, f.row_no, null, sum(abs(l.emission_common_tco2e))
    from {{ ref('int_factor__standing') }} as f
    inner join {{ ref('int_ledger__line') }} as l on l.gas = f.item and l.gwp_set = f.method_version
    where f.standing = 'waiting' and f.kind = 'gwp' and l.hold is null and {{ in_location_view('l') }}
    group by f.batch_id, f.row_no
)

select l.batch_id, l.row_no, sum(abs(l.emission_common_tco2e)) as tonnes
from {{ ref('int_ledger__line') }} as l
where l.hold is null and l.emission_source <> 'biomass_memo' and {{ in_location_view('l') }}
    and l.emission_common_tco2e is not null
group by l.batch_id, l.row_no
having count(*) > 0 and sum(abs(l.emission_common_tco2e)) > 0
union all
-- nothing hangs on a factor that no line uses; allowances, which rest on benchmarks, are not emission
select f.batch_id, f.row_no, coalesce(max(o.tonnes), 0)
from {{ ref('int_factor__standing') }} as f
left join on_factor as o on o.batch_id = f.batch_id and o.row_no = f.row_no
where f.standing = 'waiting' and f.kind <> 'benchmark'
group by f.batch_id, f.row_no
