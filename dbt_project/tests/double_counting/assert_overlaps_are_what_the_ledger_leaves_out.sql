-- Bought power and heat of the table of double counting are the ledger's, to the kilogram; and the total lies in its declared overlap.
select 'power' as what, cast(a.year as varchar) as place, a.tco2e as left_side, b.tco2e as right_side
from (
    select year, sum(tco2e) as tco2e from {{ ref('fct_double_counting_year') }} where overlap in ('purchased_power', 'purchased_heat') group by year
) as a
full join (
    select slice_year as year, sum(purchased_power_location_tco2e) + sum(purchased_heat_tco2e) as tco2e from {{ ref('int_total__cell') }} group by slice_year
) as b on b.year = a.year
where coalesce(a.tco2e, 0) <> coalesce(b.tco2e, 0)
union all
select 'range', code || ' ' || year, lowest_tco2e, highest_tco2e
from {{ ref('fct_source_overlap_year') }}
where direct_tco2e < lowest_tco2e or direct_tco2e > highest_tco2e
union all
select 'total', s.code || ' ' || s.year, s.direct_tco2e, t.direct_tco2e
from {{ ref('fct_source_overlap_year') }} as s
left join {{ ref('fct_total_year') }} as t on t.level = s.level and t.code = s.code and year(t.period) = s.year
where s.direct_tco2e <> coalesce(t.direct_tco2e, 0)
