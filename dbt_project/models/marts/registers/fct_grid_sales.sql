-- Electricity sold, as the grid company delivers it.
select
    cast(r.division_code as varchar) as division_code,
    cast(r.industry_code as varchar) as industry_code,
    cast(r.period as date) as period,
    cast(r.period_grain as varchar) as period_grain,
    cast(r.quantity_mwh as double) as quantity_mwh,
    cast(r.months_covered as integer) as months_covered,
    cast(r.batch_id as varchar) as batch_id,
    cast(r.row_no as bigint) as row_no,
    cast(r.is_synthetic as boolean) as is_synthetic
from {{ ref('int_current__grid_sales') }} as r
where r.conflict is null and not (r.period_grain = 'year' and coalesce(r.superseded_by, '') = 'year')
order by r.period, r.division_code, r.industry_code
