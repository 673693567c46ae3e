{{ config(materialized='table') }}
with years as (
    select cast(y as bigint) as activity_year from range(1990, 2081) as t(y)
),

ranked as (
    select
        y.activity_year, f.area, f.item as grid_kind, f.value, f.factor_id, f.data_year,
        case when f.data_year = y.activity_year then 'method_default' else 'other_year' end as tier,
        row_number() over (
            partition by y.activity_year, f.area, f.item
            order by
                case when f.data_year = y.activity_year then 0 when f.data_year < y.activity_year then 1 else 2 end,
                case when f.data_year <= y.activity_year then -f.data_year else f.data_year end,
                f.is_synthetic, f.factor_id
        ) as choice
    from years as y
    cross join {{ ref('int_factor__current') }} as f
    where f.kind = 'grid' and not f.is_unconfirmed and f.data_year is not null
)

select activity_year, area, grid_kind, value, factor_id, data_year, tier
from ranked
where choice = 1
