{{ config(materialized='table') }}
with scope as (
    select * from {{ ref('int_reconciliation__scope') }}
),

allocated as (
    select * from {{ ref('int_reconciliation__allocated') }}
),

province as (
    select * from scope where level = 'province'
),

entity as (
    select division_code, level, year, is_synthetic, has_accounts, division_code as source_code, true as is_own from scope
    union all
    select d.code, 'prefecture', p.year, p.is_synthetic, p.has_accounts, d.code, false
    from province as p
    inner join {{ ref('int_current__division_tree') }} as d on d.level = 'prefecture' and d.province_code = p.province_code
    left join scope as o on o.division_code = d.code and o.year = p.year
    where o.division_code is null
    union all
    select division_code || ':unallocated', 'unallocated', year, is_synthetic, has_accounts, 'unallocated', false from province
),

amount as (
    select division_code, year, cause, case when key_part = 'located' then tco2e else 0 end as located, tco2e, key_part <> 'located' as is_statistical
    from {{ ref('int_reconciliation__own') }}
    union all
    select e.division_code, e.year, l.cause, l.tco2e, l.tco2e, false
    from entity as e
    inner join {{ ref('int_reconciliation__located') }} as l on not e.is_own and l.year = e.year and l.is_synthetic = e.is_synthetic and l.prefecture = e.source_code
    union all
    select e.division_code, e.year, 'accounts_total', c.direct_tco2e, c.direct_tco2e, false
    from entity as e
    inner join {{ ref('int_total__cell') }} as c on not e.is_own and c.slice_year = e.year
    left join {{ ref('int_current__division_tree') }} as d on d.code = c.prefecture and d.level = 'prefecture'
    where coalesce(d.code, 'unallocated') = e.source_code
    union all
    select e.division_code, e.year, a.cause, 0, a.tco2e, true
    from entity as e
    inner join allocated as a on not e.is_own and a.year = e.year and a.prefecture = e.source_code
),

summed as (
    select division_code, year, cause, sum(located) as located, sum(tco2e) as tco2e,
        max(case when is_statistical then 1 else 0 end) = 1 as has_statistic
    from amount
    group by division_code, year, cause
),

closing as (
    select s.division_code, s.year, sum(s.located) as located, sum(s.tco2e) as tco2e
    from summed as s
    inner join entity as e on e.division_code = s.division_code and e.year = s.year and not e.is_own
    group by s.division_code, s.year
),

found as (
    select e.division_code, e.year, l.cause, sum(l.found) as found, sum(l.unknown) as unknown
    from entity as e
    inner join {{ ref('int_reconciliation__located') }} as l
        on l.year = e.year and l.is_synthetic = e.is_synthetic and (e.level = 'province' or l.prefecture = e.source_code)
    group by e.division_code, e.year, l.cause
),

-- what the keys alone would have given a prefecture that has a balance of its own
by_key as (
    select k.prefecture, k.year, o.cause,
        sum({{ tonnes('cast(o.tco2e as double) * cast(k.weight as double) / cast(k.all_weight as double)') }}) as tco2e
    from {{ ref('int_reconciliation__own') }} as o
    inner join province as p on p.division_code = o.division_code and p.year = o.year
    inner join {{ ref('int_reconciliation__key') }} as k on k.year = o.year and k.part = o.key_part and not k.is_taker and k.weight is not null
    group by k.prefecture, k.year, o.cause
),

by_key_total as (
    select s.division_code, s.year, sum(s.located) + max(b.tco2e) as tco2e
    from summed as s
    inner join (select prefecture, year, sum(tco2e) as tco2e from by_key group by prefecture, year) as b
        on b.prefecture = s.division_code and b.year = s.year
    group by s.division_code, s.year
),

-- causes of a year that have a part without a key
without_key as (
    select distinct year, cause from allocated where prefecture = 'unallocated'
),

keys as (
    select year, prefecture, cause, {{ dbt.listagg("key_part || '=' || key_code", "'; '", 'order by key_part') }} as keys
    from allocated
    where prefecture <> 'unallocated'
    group by year, prefecture, cause
)

select
    e.division_code, e.level, e.year, c.cause, c.evaluation_order, e.is_own, e.has_accounts, e.is_synthetic,
    cast(coalesce(case when c.cause = 'top_down_total' and not e.is_own then z.tco2e else s.tco2e end, 0) as decimal(18, 3)) as tco2e,
    cast(coalesce(case when c.cause = 'top_down_total' and not e.is_own then z.located else s.located end, 0) as decimal(18, 3)) as located_tco2e,
    k.keys, coalesce(f.unknown, 0) as unknown,
    case when c.cause = 'top_down_total' then bt.tco2e else s.located + b.tco2e end as by_key_tco2e,
    case c.cause when 'balance_difference' then r.difference_tco2e when 'vintage' then r.revision_tco2e end as memo_tco2e,
    case
        when not e.is_own and (w.cause is not null or (c.cause = 'top_down_total' and u.year is not null)) then 'unallocated'
        when c.cause in ('captive_power', 'balance_difference') then 'not_applicable'
        when c.cause in ('non_industrial', 'top_down_total') then 'computed'
        when c.cause = 'legal_vs_location' then 'no_data'
        when c.cause = 'vintage' then case when coalesce(r.vintages, q.vintages, 1) > 1 then 'computed' else 'no_data' end
        when c.cause = 'below_threshold' then case when coalesce(f.found, 0) > 0 or coalesce(s.has_statistic, false) then 'estimated' else 'no_data' end
        when c.cause = 'process_outside' then case when e.has_accounts or coalesce(s.has_statistic, false) then 'computed' else 'no_data' end
        when c.cause in ('not_reported', 'held_back', 'timing') and coalesce(f.found, 0) > 0 then 'estimated'
        when c.cause in ('not_reported', 'held_back', 'timing') and coalesce(f.unknown, 0) > 0 then 'no_data'
        when e.has_accounts then 'computed'
        else 'no_data'
    end as basis
from entity as e
cross join {{ ref('reconciliation_cause') }} as c
left join summed as s on s.division_code = e.division_code and s.year = e.year and s.cause = c.cause
left join closing as z on z.division_code = e.division_code and z.year = e.year
left join found as f on f.division_code = e.division_code and f.year = e.year and f.cause = c.cause
left join keys as k on k.prefecture = e.source_code and k.year = e.year and k.cause = c.cause and not e.is_own
left join by_key as b on b.prefecture = e.division_code and b.year = e.year and b.cause = c.cause and e.is_own
left join by_key_total as bt on bt.division_code = e.division_code and bt.year = e.year and e.is_own
left join without_key as w on w.year = e.year and w.cause = c.cause
left join (select distinct year from without_key) as u on u.year = e.year
left join {{ ref('int_reconciliation__revision') }} as r on e.is_own and r.division_code = e.division_code and r.year = e.year
left join {{ ref('int_reconciliation__revision') }} as q on q.division_code = left(e.division_code, 2) || '0000' and q.year = e.year
