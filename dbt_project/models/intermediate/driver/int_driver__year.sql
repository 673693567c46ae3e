{{ config(materialized='table') }}
with years as (
    select
        basis, factor_set, level, code, year, bool_or(is_synthetic) as is_synthetic,
        cast(sum(case when part = 'held' then 0 else emission_t end) as decimal(18, 3)) as emission_t,
        sum(case when part = 'held' then energy_tce else 0 end) as held_tce, sum(energy_tce) as energy_tce
    from {{ ref('int_driver__cell') }}
    group by basis, factor_set, level, code, year
),

-- a year of the ledger is whole when all its months are there
months as (
    select
        slice_year, level, case level when 'province' then province else prefecture end as code,
        count(distinct case when period_grain = 'month' and measured_den <> 0 then period end) as months, max(case when period_grain = 'year' and measured_den <> 0 then 1 else 0 end) as by_year
    from {{ ref('int_total__cell') }}
    cross join (select 'province' as level union all select 'prefecture') as levels
    group by slice_year, level, case level when 'province' then province else prefecture end
)

select
    y.*,
    case
        when y.basis = 'ledger' and coalesce(m.months, 0) < 12 and coalesce(m.by_year, 0) = 0 then 'incomplete_year'
        when y.held_tce > 0.05 * y.energy_tce then 'factors_missing'
    end as hold_code
from years as y
left join months as m on m.slice_year = y.year and m.level = y.level and m.code = y.code
