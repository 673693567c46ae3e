{{ config(materialized='table') }}
with held as (
    select uscc, period, sum(quarantined_rows) as quarantined_rows, sum(estimate_tco2e) as estimate_tco2e, sum(unknown_rows) as unknown_rows
    from {{ ref('int_account__quarantined_source') }}
    group by uscc, period
),

month as (
    {{ month_tonnes(['uscc']) }}
),

median_month as (
    select uscc, cast(median(tonnes) as decimal(18, 3)) as tonnes from month group by uscc
)

select
    h.uscc, h.period, cast(h.quarantined_rows as bigint) as quarantined_rows,
    cast(case
        when h.unknown_rows > 0 and m.tonnes is not null
            then coalesce(h.estimate_tco2e, 0) + greatest(m.tonnes - coalesce(x.tonnes, 0) - coalesce(h.estimate_tco2e, 0), 0)
        else h.estimate_tco2e
    end as decimal(18, 3)) as estimate_tco2e,
    cast(case when m.tonnes is null then h.unknown_rows else 0 end as bigint) as unknown_rows
from held as h
left join median_month as m on m.uscc = h.uscc
left join month as x on x.uscc = h.uscc and x.period = h.period
