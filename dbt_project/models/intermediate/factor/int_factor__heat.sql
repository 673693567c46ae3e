-- The default of purchased heat [tCO2/GJ]: one row.
select value, factor_id, tier
from (
    select
        value, factor_id, case when is_unconfirmed then 'unconfirmed' else 'method_default' end as tier,
        row_number() over (order by is_unconfirmed, is_synthetic, data_year desc nulls last, factor_id) as choice
    from {{ ref('int_factor__current') }}
    where kind = 'heat' and item = 'purchased_heat'
) as ranked
where choice = 1
