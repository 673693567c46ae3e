-- How each top-down part of the province's bridge went to the prefectures: key, share, whole kilograms. Parts without a key stay unallocated.
select
    cast(case when a.prefecture = 'unallocated' then n.home_province || ':unallocated' else a.prefecture end as varchar) as division_code,
    cast(a.year as integer) as year,
    cast(a.cause as varchar) as cause,
    cast(a.key_part as varchar) as part,
    cast(a.key_code as varchar) as key_code,
    cast(k.zh as varchar) as key_zh,
    cast(k.en as varchar) as key_en,
    cast(a.weight as decimal(38, 0)) as share_num,
    cast(a.total_weight as decimal(38, 0)) as share_den,
    cast(cast(a.weight as double) / nullif(cast(a.total_weight as double), 0.0) as double) as share,
    cast(a.tco2e as decimal(18, 3)) as tco2e,
    cast(a.province_tco2e as decimal(18, 3)) as allocated_from_tco2e,
    cast(s.is_synthetic as boolean) as is_synthetic
from {{ ref('int_reconciliation__allocated') }} as a
cross join {{ of_night('night') }} as n
inner join {{ ref('int_reconciliation__scope') }} as s on s.year = a.year and s.level = 'province'
left join (select distinct key_code, zh, en from {{ ref('reconciliation_key') }}) as k on k.key_code = a.key_code
order by division_code, year, cause, part
