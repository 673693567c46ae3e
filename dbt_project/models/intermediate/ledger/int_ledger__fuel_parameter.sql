{{ config(materialized='table') }}
with activity as (
    select r.*
    from {{ ref('int_current__energy') }} as r
    where {{ counts('r') }} and {{ affected('r') }}
        and (r.fuel_group = 'coal' or r.fuel_code in ('kerosene', 'jet_kerosene'))
),

parameters as (
    {{ parameters_of('activity', ['coal_carbon_air_dry', 'coal_moisture_total', 'coal_moisture_inherent', 'bio_jet_share']) }}
)

select
    a.uscc, a.period, a.period_grain, a.unit_code, a.batch_id, a.row_no,
    case when a.fuel_group = 'coal' then
        p.coal_carbon_air_dry * (100.0 - p.coal_moisture_total) / nullif(100.0 - p.coal_moisture_inherent, 0.0)
    end as carbon_tc_per_t,
    case when a.fuel_group <> 'coal' then 1.0 - p.bio_jet_share / 100.0 end as fossil_fraction
from activity as a
inner join parameters as p on p.batch_id = a.batch_id and p.row_no = a.row_no
