{{ config(materialized='table') }}
with of_year as (
    select distinct year, is_synthetic from {{ ref('int_reconciliation__balance') }}
),

bought as (
    select coalesce(d.prefecture_code, 'unallocated') as prefecture, left(b.industry_code, 2) as industry, h.period, h.period_grain, y.year, y.is_synthetic,
        sum({{ decimal_of('h.quantity', 6) }}) as mwh
    from ({{ counting('int_current__power_heat') }}) as h
    inner join of_year as y on y.year = h.slice_year and y.is_synthetic = h.is_synthetic
    inner join {{ ref('int_ledger__boundary') }} as b on b.uscc = h.uscc and b.period = h.period and b.period_grain = h.period_grain
    inner join {{ ref('field_of_division') }} as f on f.industry_division = left(b.industry_code, 2) and f.section in ('B', 'C')
    left join {{ ref('int_current__division_tree') }} as d on d.code = b.division_code and d.level <> 'province'
    where h.carrier = '电力' and h.direction = '购入' and h.origin in ('电网', '绿电交易', '绿证')
    group by coalesce(d.prefecture_code, 'unallocated'), left(b.industry_code, 2), h.period, h.period_grain, y.year, y.is_synthetic
),

sold as (
    select left(s.division_code, 4) || '00' as area, left(s.industry_code, 2) as industry, s.period, s.period_grain, s.is_synthetic,
        sum({{ decimal_of('s.quantity_mwh', 6) }}) as mwh
    from {{ ref('int_current__grid_sales') }} as s
    inner join of_year as y on y.year = year(s.period) and y.is_synthetic = s.is_synthetic
    where {{ counts('s') }} and (s.period_grain = 'year' or s.months_covered = 1) and length(s.industry_code) >= 2
    group by left(s.division_code, 4) || '00', left(s.industry_code, 2), s.period, s.period_grain, s.is_synthetic
),

own as (
    select b.prefecture, b.industry, b.year, b.is_synthetic, sum(b.mwh) as bought_mwh, sum(s.mwh) as sold_mwh
    from bought as b
    inner join sold as s on s.area = b.prefecture and s.industry = b.industry and s.period = b.period and s.period_grain = b.period_grain and s.is_synthetic = b.is_synthetic
    group by b.prefecture, b.industry, b.year, b.is_synthetic
),

province as (
    select b.industry, b.year, b.is_synthetic, sum(b.mwh) as bought_mwh, sum(s.mwh) as sold_mwh
    from (
        select industry, year, is_synthetic, period, period_grain, sum(mwh) as mwh from bought group by industry, year, is_synthetic, period, period_grain
    ) as b
    inner join sold as s
        on s.area = {{ night('home_province') }}
        and s.industry = b.industry and s.period = b.period and s.period_grain = b.period_grain and s.is_synthetic = b.is_synthetic
    group by b.industry, b.year, b.is_synthetic
),

fuel as (
    select prefecture, industry, year, is_synthetic, sum(set_tco2e) as set_tco2e
    from {{ ref('int_reconciliation__line') }}
    where part = 'industrial_fuel' and not is_held and section in ('B', 'C')
    group by prefecture, industry, year, is_synthetic
),

ratio as (
    select
        f.*, coalesce(o.bought_mwh, p.bought_mwh) as bought_mwh, coalesce(o.sold_mwh, p.sold_mwh) as sold_mwh,
        cast(coalesce(o.sold_mwh, p.sold_mwh) as double) / nullif(cast(coalesce(o.bought_mwh, p.bought_mwh) as double), 0.0) - 1.0 as uncovered
    from fuel as f
    left join own as o on o.prefecture = f.prefecture and o.industry = f.industry and o.year = f.year and o.is_synthetic = f.is_synthetic
    left join province as p on p.industry = f.industry and p.year = f.year and p.is_synthetic = f.is_synthetic
    where f.set_tco2e is not null
)

select
    prefecture, industry, year, is_synthetic, set_tco2e, bought_mwh, sold_mwh,
    case
        when uncovered is null or uncovered > cast({{ bridge_setting('greatest_uncovered_ratio') }} as double) then null
        else {{ tonnes('cast(set_tco2e as double) * greatest(uncovered, 0.0)') }}
    end as tco2e
from ratio
