-- Certificates with what the power deliveries claim on them, and what of it the accounts count (at most its MWh, for its holder).
with claim as (
    select certificate_id, count(*) as claims, count(distinct uscc) as claimants, {{ exact_sum('quantity', decimals=6) }} as claimed_mwh
    from {{ ref('int_current__power_heat') }}
    where certificate_id is not null and carrier = '电力' and {{ counts() }}
    group by certificate_id
),

service as (
    select certificate_id, sum(served_mwh) as served_mwh
    from {{ ref('int_ledger__certificate_service') }}
    group by certificate_id
)

select
    cast(r.certificate_id as varchar) as certificate_id,
    cast(r.uscc as varchar) as uscc,
    cast(r.mwh as double) as mwh,
    cast(r.vintage as date) as vintage,
    cast(r.vintage_grain as varchar) as vintage_grain,
    cast(r.retired_on as date) as retired_on,
    cast(r.retired_for as varchar) as retired_for,
    cast(coalesce(k.claims, 0) as bigint) as claims,
    cast(coalesce(k.claimants, 0) as bigint) as claimants,
    cast(coalesce(k.claimed_mwh, 0.0) as double) as claimed_mwh,
    cast(coalesce(s.served_mwh, 0) as double) as served_mwh,
    cast(r.batch_id as varchar) as batch_id,
    cast(r.row_no as bigint) as row_no,
    cast(r.is_synthetic as boolean) as is_synthetic
from {{ ref('int_current__certificate') }} as r
left join claim as k on k.certificate_id = r.certificate_id
left join service as s on s.certificate_id = r.certificate_id
where r.conflict is null
order by r.certificate_id
