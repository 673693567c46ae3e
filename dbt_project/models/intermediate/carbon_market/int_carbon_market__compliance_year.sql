with delivered as (
    select *, case when kind = 'CCER' then 1 else 0 end as distance from {{ ref('int_current__allowance') }} where conflict is null
    union all
    select *, case when kind = 'CCER' then 0 else 1 end as distance from {{ ref('int_current__credit') }} where conflict is null
),

chosen as (
    select *, row_number() over (partition by uscc, year, kind order by distance, batch_id, row_no) as choice from delivered
),

held as (
    select
        uscc, year,
        max(case when kind = '免费配额' then tonnes end) as free_allocation_t,
        max(case when kind = '持有' then tonnes end) as held_t,
        max(case when kind = '清缴' then tonnes end) as surrendered_t,
        max(case when kind = 'CCER' then tonnes end) as ccer_t,
        bool_or(is_synthetic) as is_synthetic
    from chosen
    where choice = 1
    group by uscc, year
),

power as (
    select
        uscc, slice_year, count(distinct period) as months,
        sum(main_fuel_tco2e + startup_oil_tco2e + purchased_power_tco2e) as emission_tco2e, bool_or(is_synthetic) as is_synthetic
    from {{ ref('int_carbon_market__power_unit_emission') }}
    group by uscc, slice_year
),

-- what the allocation rule gives to the whole year: of all months of every unit, else of the industry account
unit_allowance as (
    select a.uscc, a.slice_year, sum(a.allowance_t) as allowance_t
    from {{ ref('int_carbon_market__power_unit_allowance_year') }} as a
    inner join {{ ref('int_carbon_market__power_unit_year') }} as e
        on e.uscc = a.uscc and e.unit_code = a.unit_code and e.period = a.period and e.unit_class = a.unit_class
    group by a.uscc, a.slice_year
    having count(*) = count(a.allowance_t) and sum(e.months) = 12 * count(distinct a.unit_code)
),

account as (
    select
        uscc, slice_year, count(distinct case when period_grain = 'month' then period end) as months,
        bool_or(period_grain = 'year') as has_year,
        sum(fuel_tco2e + process_tco2e + product_deduction_tco2e + co2_recovered_tco2e) as emission_tco2e,
        bool_or(is_synthetic) as is_synthetic
    from {{ ref('int_account__period') }}
    group by uscc, slice_year
)

select
    h.uscc, h.year, h.free_allocation_t, h.held_t, h.surrendered_t, h.ccer_t,
    coalesce(p.emission_tco2e, a.emission_tco2e) as emission_tco2e,
    case when p.uscc is not null then 'power_units' when a.uscc is not null then 'direct' end as emission_basis,
    case when p.uscc is not null then p.months >= 12 else coalesce(a.has_year or a.months >= 12, false) end as is_whole_year,
    coalesce(u.allowance_t, case when a.has_year or a.months >= 12 then i.allowance_t end) as computed_allowance_t,
    h.is_synthetic or coalesce(p.is_synthetic, false) or coalesce(a.is_synthetic, false) as is_synthetic
from held as h
left join power as p on p.uscc = h.uscc and p.slice_year = h.year
left join account as a on a.uscc = h.uscc and a.slice_year = h.year
left join unit_allowance as u on u.uscc = h.uscc and u.slice_year = h.year
left join {{ ref('int_carbon_market__industry_year') }} as i on i.uscc = h.uscc and i.slice_year = h.year
