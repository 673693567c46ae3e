{{ config(materialized='table') }}
with year_of as (
    select year, is_synthetic, province_code from {{ ref('int_reconciliation__scope') }} where level = 'province'
),

place as (
    select y.year, y.is_synthetic, d.code as prefecture, own.division_code is null as is_taker
    from year_of as y
    inner join {{ ref('int_current__division_tree') }} as d on d.level = 'prefecture' and d.province_code = y.province_code
    left join {{ ref('int_reconciliation__scope') }} as own on own.division_code = d.code and own.year = y.year
),

statistic as (
    select division_code as prefecture, cast(year(period) as integer) as year, is_synthetic, indicator, industry_code, value,
        row_number() over (
            partition by division_code, year(period), is_synthetic, indicator, industry_code
            order by {{ vintage_rank() }}, received_at desc, batch_id, row_no
        ) as choice
    from {{ ref('int_current__sector_statistics') }}
    where conflict is null and period_grain = 'year' and period_kind = '当期'
),

power as (
    select left(division_code, 4) || '00' as prefecture, cast(year(period) as integer) as year, is_synthetic, industry_code,
        sum({{ decimal_of('quantity_mwh', 6) }}) as mwh
    from {{ ref('int_current__grid_sales') }}
    where {{ counts() }}
    group by left(division_code, 4) || '00', cast(year(period) as integer), is_synthetic, industry_code
),

sold_gas as (
    select coalesce(d.prefecture_code, 'unallocated') as prefecture, e.slice_year as year, sum({{ decimal_of('coalesce(e.sold, 0)', 6) }}) as quantity
    from ({{ counting('int_current__energy') }}) as e
    inner join {{ ref('byproduct_gas') }} as g on g.fuel_code = e.fuel_code
    inner join {{ ref('int_ledger__boundary') }} as b on b.uscc = e.uscc and b.period = e.period and b.period_grain = e.period_grain
    left join {{ ref('int_current__division_tree') }} as d on d.code = b.division_code
    inner join year_of as y on y.year = e.slice_year and y.is_synthetic = e.is_synthetic
    group by coalesce(d.prefecture_code, 'unallocated'), e.slice_year
),

booked as (
    select prefecture, year, is_synthetic,
        sum(case when part = 'industrial_fuel' and is_motor_fuel then set_tco2e else 0 end) as motor_fuel,
        sum(case when part = 'process_outside' and industry = '30' then account_tco2e else 0 end) as mineral_process
    from {{ ref('int_reconciliation__line') }}
    where not is_held
    group by prefecture, year, is_synthetic
),

weight as (
    select t.year, t.prefecture, t.is_taker, k.part, k.rank, k.key_code,
        case k.key_kind
            when 'statistic' then cast(round(s.value * 1000.0) as hugeint)
            when 'power_sold' then {{ kilograms('p.mwh') }}
            else {{ kilograms(
                "coalesce(case k.key_code when 'accounts_gas_sold' then g.quantity when 'accounts_process' then b.mineral_process else b.motor_fuel end, 0)"
            ) }}
        end as weight
    from place as t
    cross join {{ ref('reconciliation_key') }} as k
    left join statistic as s
        on k.key_kind = 'statistic' and s.choice = 1 and s.prefecture = t.prefecture and s.year = t.year
        and s.is_synthetic = t.is_synthetic and s.indicator = k.indicator and s.industry_code = coalesce(k.industry_code, '')
    left join power as p
        on k.key_kind = 'power_sold' and p.prefecture = t.prefecture and p.year = t.year and p.is_synthetic = t.is_synthetic
        and p.industry_code = k.industry_code
    left join sold_gas as g on g.prefecture = t.prefecture and g.year = t.year
    left join booked as b on b.prefecture = t.prefecture and b.year = t.year and b.is_synthetic = t.is_synthetic
),

usable as (
    select year, part, min(rank) as rank
    from (
        select year, part, rank
        from weight
        where is_taker
        group by year, part, rank
        having count(*) = count(case when weight >= 0 then 1 end) and sum(weight) > 0
    ) as candidates
    group by year, part
)

select
    w.year, w.part, w.key_code, w.prefecture, w.is_taker, w.weight,
    sum(case when w.is_taker then w.weight end) over (partition by w.year, w.part) as total_weight,
    sum(w.weight) over (partition by w.year, w.part) as all_weight
from weight as w
inner join usable as u on u.year = w.year and u.part = w.part and u.rank = w.rank
