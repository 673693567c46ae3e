{{ config(materialized='table') }}
with line as (
    select * from {{ ref('int_ledger__line') }} where hold is null and division_code is not null
),

factor as (
    select * from {{ ref('int_double_counting__own_factor') }}
),

power_bought as (
    select uscc, slice_year, 'power_plants' as counted_in, sum(emission_common_tco2e) as tco2e, count(*) as overlap_rows
    from line
    where emission_source = 'purchased_power' and electricity_view = 'location'
    group by uscc, slice_year
),

registered as (
    select distinct uscc from {{ ref('int_current__register') }} where conflict is null
),

heat_bought as (
    select l.uscc, l.slice_year,
        case when l.emission_common_tco2e < 0 then 'buyers' when g.uscc is not null then g.uscc else 'supplier_not_linked' end as counted_in,
        sum(l.emission_common_tco2e) as tco2e, count(*) as overlap_rows
    from line as l
    inner join {{ ref('int_current__power_heat') }} as h on h.batch_id = l.batch_id and h.row_no = l.row_no
    left join registered as g on g.uscc = h.supplier_uscc
    where l.emission_source = 'purchased_heat'
    group by l.uscc, l.slice_year,
        case when l.emission_common_tco2e < 0 then 'buyers' when g.uscc is not null then g.uscc else 'supplier_not_linked' end
),

unit_of as (
    select distinct uscc, unit_code, slice_year from {{ ref('int_current__power_unit') }} where {{ counts() }}
),

captive as (
    select
        p.uscc, p.slice_year, case when max(e.method_no) is not null then 'enterprise' else 'power' end as counted_in,
        (
            select sum(l.emission_common_tco2e)
            from line as l
            inner join unit_of as u on u.uscc = l.uscc and u.unit_code = l.unit_code and u.slice_year = l.slice_year
            where l.emission_source = 'fuel' and l.uscc = p.uscc and l.slice_year = p.slice_year
        ) as tco2e,
        sum(p.found) as overlap_rows
    from (
        select uscc, slice_year, count(*) as found
        from ({{ counting('int_current__power_heat') }}) as h
        where h.carrier = '电力' and h.direction = '自发自用' and h.origin = '自备化石'
        group by uscc, slice_year
        union all
        select uscc, slice_year, count(*) from unit_of group by uscc, slice_year
    ) as p
    inner join (
        select uscc, slice_year, max(left(industry_code, 2)) as industry, max(left(method_code, 2)) as method_no
        from line group by uscc, slice_year
    ) as b on b.uscc = p.uscc and b.slice_year = p.slice_year and b.industry <> '44'
    left join {{ ref('ets_eight_method') }} as e on e.method_no = b.method_no
    group by p.uscc, p.slice_year
),

made_of as (
    select distinct uscc, slice_year from ({{ counting('int_current__energy') }}) as e where e.feedstock > 0 or e.transformation_input > 0
    union
    select distinct uscc, slice_year from line where emission_source = 'product_deduction'
),

own_gas as (
    select l.uscc, l.slice_year, 'where_burned' as counted_in, max(case when m.uscc is null then 1 else 0 end) as is_suspected,
        sum(l.emission_common_tco2e) as tco2e, count(*) as overlap_rows
    from line as l
    left join made_of as m on m.uscc = l.uscc and m.slice_year = l.slice_year
    where l.internal_transfer and l.emission_source = 'fuel'
    group by l.uscc, l.slice_year
),

waste_heat as (
    select h.uscc, h.slice_year, 'internal_transfer' as counted_in,
        sum({{ tonnes('h.quantity * f.tco2e_per_unit') }}) as tco2e, count(*) as overlap_rows
    from ({{ counting('int_current__power_heat') }}) as h
    left join factor as f
        on f.uscc = h.uscc and f.slice_year = h.slice_year and f.emission_source = case h.carrier when '电力' then 'purchased_power' else 'purchased_heat' end
        and f.item = h.carrier || '购入' and f.activity_unit = h.activity_unit
    where h.origin = '余热余压'
    group by h.uscc, h.slice_year
),

not_burned as (
    select e.uscc, e.slice_year, k.overlap, k.counted_in,
        sum({{ tonnes("case k.overlap when 'feedstock' then e.feedstock else e.transformation_input end * l.factor_value") }}) as tco2e,
        count(*) as overlap_rows
    from ({{ counting('int_current__energy') }}) as e
    cross join (select 'feedstock' as overlap, 'process' as counted_in union all select 'transformation', 'products') as k
    left join (
        select batch_id, row_no, max(factor_value) as factor_value
        from {{ ref('int_ledger__line') }}
        where emission_source = 'fuel' and hold is null
        group by batch_id, row_no
    ) as l on l.batch_id = e.batch_id and l.row_no = e.row_no
    where case k.overlap when 'feedstock' then e.feedstock else e.transformation_input end > 0
    group by e.uscc, e.slice_year, k.overlap, k.counted_in
),

direct_month as (
    select uscc, slice_year, period, sum(emission_common_tco2e) as tco2e, count(*) as lines
    from line
    where {{ is_direct() }} and period_grain = 'month'
    group by uscc, slice_year, period
),

succession as (
    select d.uscc, d.slice_year, s.successor_uscc as counted_in, sum(d.tco2e) as tco2e, sum(d.lines) as overlap_rows
    from direct_month as d
    inner join (
        select uscc, nullif(trim(successor_uscc), '') as successor_uscc, min(valid_from) as since
        from {{ ref('int_current__register') }}
        where conflict is null and nullif(trim(successor_uscc), '') is not null
        group by uscc, nullif(trim(successor_uscc), '')
    ) as s on s.uscc = d.uscc and d.period >= s.since and s.successor_uscc <> d.uscc
    inner join direct_month as o on o.uscc = s.successor_uscc and o.period = d.period
    group by d.uscc, d.slice_year, s.successor_uscc
),

same_name as (
    select d.uscc, d.slice_year, o.uscc as counted_in, sum(d.tco2e) as tco2e, sum(d.lines) as overlap_rows
    from direct_month as d
    inner join {{ ref('int_current__register_latest') }} as n on n.uscc = d.uscc
    inner join {{ ref('int_current__register_latest') }} as m on m.enterprise_name = n.enterprise_name and m.uscc <> n.uscc
    inner join direct_month as o on o.uscc = m.uscc and o.period = d.period
    where d.tco2e < o.tco2e or (d.tco2e = o.tco2e and d.uscc > o.uscc)
    group by d.uscc, d.slice_year, o.uscc
),

again as (
    select batch_id, count(*) - 1 as times from {{ ref('stg_registry__path_seen') }} group by batch_id having count(*) > 1
),

delivered_again as (
    select l.uscc, l.slice_year, l.batch_id as counted_in, sum(l.emission_common_tco2e * a.times) as tco2e, count(*) as overlap_rows
    from line as l
    inner join again as a on a.batch_id = l.batch_id
    where l.emission_source <> 'biomass_memo' and {{ in_location_view('l') }}
    group by l.uscc, l.slice_year, l.batch_id
),

other_grain as (
    select e.uscc, e.slice_year, e.superseded_by as counted_in, sum(f.tco2e) as counted_tco2e,
        sum({{ tonnes('(e.consumed - e.feedstock - e.transformation_input) * f.tco2e_per_unit') }}) as tco2e, count(*) as overlap_rows
    from {{ ref('int_current__energy') }} as e
    left join factor as f
        on f.uscc = e.uscc and f.slice_year = e.slice_year and f.emission_source = 'fuel' and f.item = e.energy and f.activity_unit = e.activity_unit
    where e.conflict is null and e.superseded_by = 'months' and e.period_grain = 'year'
    group by e.uscc, e.slice_year, e.superseded_by
    union all
    select uscc, slice_year, 'year', max(counted_tco2e), sum(tco2e), sum(found)
    from (
        select e.uscc, e.slice_year, e.energy, sum({{ tonnes('(e.consumed - e.feedstock - e.transformation_input) * f.tco2e_per_unit') }}) as tco2e,
            max(f.tco2e) as counted_tco2e, count(*) as found
        from {{ ref('int_current__energy') }} as e
        left join factor as f
            on f.uscc = e.uscc and f.slice_year = e.slice_year and f.emission_source = 'fuel' and f.item = e.energy and f.activity_unit = e.activity_unit
        where e.conflict is null and e.superseded_by = 'year' and e.period_grain = 'month'
        group by e.uscc, e.slice_year, e.energy
    ) as by_fuel
    group by uscc, slice_year
),

energy_form as (
    select e.uscc, e.slice_year, 'enterprise_power_heat' as counted_in,
        sum({{ tonnes('e.consumed * f.tco2e_per_unit') }}) as tco2e, count(*) as overlap_rows
    from ({{ counting('int_current__energy') }}) as e
    inner join factor as f
        on f.uscc = e.uscc and f.slice_year = e.slice_year and f.item = e.energy || '购入' and f.emission_source in ('purchased_power', 'purchased_heat')
    where e.fuel_code in ('electricity', 'heat')
    group by e.uscc, e.slice_year
),

roles as (
    select r.uscc, r.slice_year, 'other_role' as counted_in, sum(abs({{ tonnes('r.quantity * f.tco2e_per_unit') }})) as tco2e, count(*) as overlap_rows
    from ({{ counting('int_current__process') }}) as r
    inner join (
        select uscc, batch_id, row_no from {{ ref('int_ledger__process_use') }} where used_as = 'counted_once'
        union
        select uscc, batch_id, row_no from {{ ref('int_ledger__line') }} where hold = 'counted_in_other_role'
    ) as u on u.uscc = r.uscc and u.batch_id = r.batch_id and u.row_no = r.row_no
    left join factor as f on f.uscc = r.uscc and f.slice_year = r.slice_year and f.emission_source in ('process', 'product_deduction') and f.item = r.item
    group by r.uscc, r.slice_year
),

plant as (
    select u.uscc, u.slice_year, 'enterprise_energy' as counted_in, u.tco2e, u.overlap_rows, l.tco2e as counted_tco2e
    from (
        select uscc, slice_year, sum(main_fuel_tco2e + startup_oil_tco2e) as tco2e, count(*) as overlap_rows
        from {{ ref('int_carbon_market__power_unit_emission') }}
        group by uscc, slice_year
    ) as u
    inner join (
        select l.uscc, l.slice_year, sum(l.emission_common_tco2e) as tco2e
        from line as l
        left join unit_of as n on n.uscc = l.uscc and n.unit_code = l.unit_code and n.slice_year = l.slice_year
        where l.emission_source = 'fuel' and (n.uscc is not null or left(l.industry_code, 2) = '44')
        group by l.uscc, l.slice_year
    ) as l on l.uscc = u.uscc and l.slice_year = u.slice_year
)

select uscc, slice_year as year, 'purchased_power' as overlap, counted_in, 'removed' as state, tco2e, cast(null as decimal(18, 3)) as counted_tco2e, overlap_rows
from power_bought where tco2e <> 0
union all
select uscc, slice_year, 'purchased_heat', counted_in, 'removed', tco2e, null, overlap_rows from heat_bought where tco2e <> 0
union all
select uscc, slice_year, 'captive_power', counted_in, 'kept_once', tco2e, null, overlap_rows from captive
union all
select uscc, slice_year, 'byproduct_gas', counted_in, case when is_suspected = 1 then 'suspected' else 'kept_once' end, tco2e, null, overlap_rows from own_gas where tco2e <> 0
union all
select uscc, slice_year, 'waste_heat_power', counted_in, 'removed', tco2e, null, overlap_rows from waste_heat
union all
select uscc, slice_year, overlap, counted_in, 'removed', tco2e, null, overlap_rows from not_burned
union all
select uscc, slice_year, 'site_succession', counted_in, 'suspected', tco2e, null, overlap_rows from succession
union all
select uscc, slice_year, 'site_same_name', counted_in, 'suspected', tco2e, null, overlap_rows from same_name
union all
select uscc, slice_year, 'delivered_again', counted_in, 'removed', tco2e, null, overlap_rows from delivered_again
union all
select uscc, slice_year, 'month_and_year', counted_in, 'removed', tco2e, counted_tco2e, overlap_rows from other_grain
union all
select uscc, slice_year, 'energy_form_power', counted_in, 'removed', tco2e, null, overlap_rows from energy_form
union all
select uscc, slice_year, 'item_roles', counted_in, 'removed', tco2e, null, overlap_rows from roles
union all
select uscc, slice_year, 'plant_fuel', counted_in, 'removed', tco2e, counted_tco2e, overlap_rows from plant
