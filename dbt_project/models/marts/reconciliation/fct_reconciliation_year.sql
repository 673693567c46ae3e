-- From the sum of the enterprise accounts to the top-down total, one row a named cause; opening + causes = closing to the kilogram.
select
    cast(r.division_code as varchar) as division_code,
    cast(r.level as varchar) as level,
    cast(r.year as integer) as year,
    cast(r.cause as varchar) as cause,
    cast(r.evaluation_order as integer) as evaluation_order,
    cast(r.tco2e as decimal(18, 3)) as tco2e,
    cast(r.located_tco2e as decimal(18, 3)) as located_tco2e,
    cast(case when not r.is_own then r.tco2e - r.located_tco2e end as decimal(18, 3)) as allocated_tco2e,
    cast(r.by_key_tco2e as decimal(18, 3)) as by_key_tco2e,
    cast(r.basis as varchar) as basis,
    cast(r.keys as varchar) as allocation_keys,
    cast(r.unknown as bigint) as unknown_count,
    cast(r.memo_tco2e as decimal(18, 3)) as memo_tco2e,
    cast(g.share_num as decimal(18, 3)) as unexplained_share_num,
    cast(g.share_den as decimal(18, 3)) as unexplained_share_den,
    cast(g.share as double) as unexplained_share,
    cast(g.previous_share as double) as previous_year_share,
    cast(g.gate as varchar) as gate,
    cast({{ bridge_setting('factor_set') }} as varchar) as factor_set,
    cast(r.is_own and r.level = 'prefecture' as boolean) as has_own_balance,
    cast(c.zh as varchar) as cause_zh,
    cast(c.en as varchar) as cause_en,
    cast(c.how_zh as varchar) as how_zh,
    cast(c.how_en as varchar) as how_en,
    cast(r.is_synthetic as boolean) as is_synthetic
from {{ ref('int_reconciliation__row') }} as r
inner join {{ ref('reconciliation_cause') }} as c on c.cause = r.cause
left join {{ ref('int_reconciliation__gate') }} as g
    on r.cause = 'unexplained' and g.division_code = r.division_code and g.year = r.year
order by r.division_code, r.year, r.evaluation_order
