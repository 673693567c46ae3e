{{ config(materialized='table') }}
with province as (
    select s.year, o.cause, o.key_part, o.tco2e
    from {{ ref('int_reconciliation__own') }} as o
    inner join {{ ref('int_reconciliation__scope') }} as s on s.division_code = o.division_code and s.year = o.year and s.level = 'province'
    where o.key_part not in ('located', 'total')
),

own as (
    select o.year, o.cause, o.key_part, sum(o.tco2e) as tco2e
    from {{ ref('int_reconciliation__own') }} as o
    inner join {{ ref('int_reconciliation__scope') }} as s
        on s.division_code = o.division_code and s.year = o.year and s.level = 'prefecture' and s.has_province
    where o.key_part not in ('located', 'total')
    group by o.year, o.cause, o.key_part
),

amount as (
    select coalesce(p.year, o.year) as year, coalesce(p.cause, o.cause) as cause, coalesce(p.key_part, o.key_part) as key_part,
        coalesce(p.tco2e, 0) - coalesce(o.tco2e, 0) as tco2e
    from province as p
    full join own as o on o.year = p.year and o.cause = p.cause and o.key_part = p.key_part
),

share as (
    select a.*, k.prefecture, k.key_code, k.weight, k.total_weight, {{ kilograms('abs(a.tco2e)') }} as kg
    from amount as a
    inner join {{ ref('int_reconciliation__key') }} as k on k.year = a.year and k.part = a.key_part and k.is_taker
),

whole as (
    select *, kg * weight // total_weight as floor_kg,
        row_number() over (partition by year, cause, key_part order by kg * weight % total_weight desc, prefecture) as turn
    from share
),

dealt as (
    select *, kg - sum(floor_kg) over (partition by year, cause, key_part) as left_kg
    from whole
)

select
    year, prefecture, cause, key_part, key_code, cast(weight as decimal(38, 0)) as weight, cast(total_weight as decimal(38, 0)) as total_weight,
    tco2e as province_tco2e,
    cast(cast(floor_kg + case when turn <= left_kg then 1 else 0 end as decimal(18, 0)) * cast(case when tco2e < 0 then -0.001 else 0.001 end as decimal(4, 3))
        as decimal(18, 3)) as tco2e
from dealt
union all
select a.year, 'unallocated', a.cause, a.key_part, null, null, null, a.tco2e, cast(a.tco2e as decimal(18, 3))
from amount as a
left join (select distinct year, part from {{ ref('int_reconciliation__key') }}) as k on k.year = a.year and k.part = a.key_part
where k.part is null and a.tco2e <> 0
