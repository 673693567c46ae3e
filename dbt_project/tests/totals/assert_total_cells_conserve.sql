-- The joins of int_total__cell neither lose nor multiply: rows and kilograms before = after, of lines and of register rows.
with before as (
    select
        count(*) as lines,
        sum(case when hold is null and {{ is_direct() }}
            then emission_common_tco2e else 0 end) as direct_tco2e,
        sum(case when hold is null and electricity_view = 'location' then emission_common_tco2e else 0 end) as power_tco2e
    from {{ ref('int_ledger__line') }}
    where division_code is not null and emission_source <> 'biomass_memo'
),

members as (
    select count(*) as member_rows, sum(quarantined_rows) as quarantined_rows from {{ ref('int_total__registered') }}
),

after as (
    select sum(lines) as lines, sum(direct_tco2e) as direct_tco2e, sum(purchased_power_location_tco2e) as power_tco2e,
        count(case when lines = 0 then 1 end) as member_rows, sum(case when lines = 0 then held_back_rows else 0 end) as quarantined_rows
    from {{ ref('int_total__cell') }}
)

select b.*, m.*, a.*
from before as b
cross join members as m
cross join after as a
where coalesce(a.lines, 0) <> b.lines or coalesce(a.direct_tco2e, 0) <> coalesce(b.direct_tco2e, 0)
    or coalesce(a.power_tco2e, 0) <> coalesce(b.power_tco2e, 0) or a.member_rows <> m.member_rows
    or coalesce(a.quarantined_rows, 0) <> coalesce(m.quarantined_rows, 0)
