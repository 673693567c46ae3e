with cell as (
    select e.*, f.canonical_unit, e.unit <> f.canonical_unit as is_converted,
        min(case when e.is_synthetic then 1 else 0 end) over (partition by e.division_code, e.year) = 0 as has_real
    from {{ ref('int_current__energy_balance') }} as e
    inner join {{ ref('balance_fuel') }} as f on f.fuel_code = e.fuel_code
    where e.conflict is null
),

coefficient as (
    select
        y.year, k.item as fuel_code, k.factor_id,
        case k.unit when 'kgce/m3' then k.value * 10.0 else k.value end as tce_per_unit,
        case k.unit when 'kgce/kg' then 't' when 'kgce/m3' then '1e4 Nm3' when 'kgce/MJ' then 'GJ' end as unit,
        row_number() over (
            partition by y.year, k.item
            order by case when k.data_year = y.year then 0 else 1 end, k.is_synthetic, k.valid_from desc nulls last, k.received_at desc, k.factor_id
        ) as choice
    from (select distinct cast(year as integer) as year from cell where is_converted) as y
    inner join {{ ref('int_factor__current') }} as k
        on k.kind = 'tce' and not k.is_unconfirmed and (k.data_year is null or k.data_year = y.year)
        and (k.valid_from is null or k.valid_from <= make_date(y.year, 12, 31)) and (k.valid_to is null or k.valid_to > make_date(y.year, 12, 31))
)

select
    c.division_code,
    cast(c.year as integer) as year,
    c.item_code,
    c.fuel_code,
    {{ decimal_of('case when c.is_converted then c.quantity / k.tce_per_unit else c.quantity end', 6) }} as quantity,
    c.canonical_unit as unit,
    c.is_converted,
    case when c.is_converted then k.factor_id end as coefficient_id,
    c.is_synthetic,
    c.batch_id,
    c.row_no
from cell as c
left join coefficient as k
    on c.is_converted and k.choice = 1 and k.year = c.year and k.fuel_code = c.fuel_code and k.unit = c.canonical_unit and k.tce_per_unit > 0
where not (c.has_real and c.is_synthetic) and (not c.is_converted or k.factor_id is not null)
