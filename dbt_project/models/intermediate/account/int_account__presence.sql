{{ config(materialized='table') }}
with due as (
    select uscc, slice_year, count(distinct source) as sources_due
    from {{ ref('int_account__form') }}
    group by uscc, slice_year
)

select
    d.uscc, d.slice_year, d.period, d.period_grain, u.sources_due, count(distinct d.source) as sources_delivered,
    bool_or(d.is_synthetic) as is_synthetic
from {{ ref('int_account__form') }} as d
inner join due as u on u.uscc = d.uscc and u.slice_year = d.slice_year
group by d.uscc, d.slice_year, d.period, d.period_grain, u.sources_due
