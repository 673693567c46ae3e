{{ config(materialized='table') }}
with cited as (
    select r.batch_id, r.row_no, r.uscc, r.period, r.period_grain, r.unit_code, r.origin, r.certificate_id, r.quantity as mwh,
        c.uscc as holder, c.mwh as certificate_mwh,
        (select min(p.word) from {{ ref('certificate_purpose') }} as p where contains(c.retired_for, p.word) and c.retired_on is not null) as excluding_use
    from {{ ref('int_current__power_heat') }} as r
    left join {{ ref('int_current__certificate') }} as c on c.certificate_id = r.certificate_id and c.conflict is null
    where {{ counts('r') }} and r.carrier = '电力' and r.direction = '购入'
        and r.origin in ('绿电交易', '绿证', '直供非化石') and r.certificate_id is not null and r.quantity is not null
        and (c.certificate_id is not null or r.origin = '绿证')
),

standing as (
    select *,
        case
            when holder is null then 'unknown'
            when holder <> uscc then 'other_holder'
            when excluding_use is not null then 'used_elsewhere'
            else 'served'
        end as standing,
        {{ decimal_of('mwh', 6, 28) }} as asked, {{ decimal_of('coalesce(certificate_mwh, 0.0)', 6, 28) }} as covers
    from cited
)

select batch_id, row_no, uscc, period, certificate_id, holder, certificate_mwh, excluding_use, standing,
    cast(case when standing = 'served' then greatest(0, least(asked, covers - before)) else 0 end as decimal(28, 6)) as served_mwh
from (
    select *,
        coalesce(sum(asked) over (
            partition by certificate_id, standing order by period, unit_code, origin, period_grain, batch_id, row_no
            rows between unbounded preceding and 1 preceding
        ), 0) as before
    from standing
) as queued
