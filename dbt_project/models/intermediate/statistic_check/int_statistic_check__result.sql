{{ config(materialized='table') }}
with figure as (
    select
        division_code, industry_code, indicator, unit, period, period_grain, period_kind, vintage, value, is_synthetic, batch_id, row_no,
        {{ decimal_of('value', 6) }} as quantity,
        indicator || case when industry_code = '' then '' else ' ' || industry_code end || '（' || unit || '）' as name
    from {{ ref('int_current__sector_statistics') }}
    where conflict is null and abs(value) < 1e25
),

-- one vintage of each figure: revised before unmarked before preliminary, real before synthetic
one_vintage as (
    select *,
        row_number() over (
            partition by division_code, industry_code, indicator, unit, period, period_grain, period_kind
            order by is_synthetic, {{ vintage_rank() }}, batch_id, row_no
        ) as choice
    from figure
),

best as (
    select * from one_vintage where choice = 1
),

-- Q01: the cell on the left side tells where the row stands
balance as (
    select
        'Q01-balance-identity' as check_id, 'energy_balance' as source, i.division_code, '' as industry_code, f.name_zh as indicator,
        i.identity || ':' || i.item_code as item, make_date(i.year, 1, 1) as period, 'year' as period_grain,
        i.right_quantity as expected, i.left_quantity as found, f.canonical_unit as unit, c.batch_id, c.row_no, i.is_synthetic,
        '“' || coalesce(b.item_zh, '电力收支') || '”的' || f.name_zh || case i.identity
            when 'parts' then '（行与分项）' when 'components' then '（合计与品种）' when 'grid' then '（消费加损失与发电加净调入）' else '' end || '，' || f.canonical_unit as what_zh,
        coalesce(b.item_en, 'Electricity') || ', ' || replace(i.fuel_code, '_', ' ') || case i.identity
            when 'parts' then ' (row and its parts)' when 'components' then ' (total and its fuels)'
            when 'grid' then ' (use and loss against generation and net inflow)' else '' end || ', ' || f.canonical_unit as what_en
    from {{ ref('int_inventory__balance_identity') }} as i
    inner join {{ ref('balance_fuel') }} as f on i.fuel_code = f.fuel_code
    left join {{ ref('balance_item') }} as b on i.item_code = b.item_code
    left join {{ ref('int_inventory__balance_cell') }} as c
        on c.division_code = i.division_code and c.year = i.year and c.fuel_code = i.fuel_code
        and c.item_code = case i.identity when 'grid' then 'final_consumption' else i.item_code end
    where cast(abs(i.left_quantity - i.right_quantity) as double) > 0.005 * i.figures * f.factor_to_canonical
),

to_date as (
    select *,
        lag(quantity) over (partition by division_code, industry_code, indicator, unit, year(period) order by period) as before,
        lag(period) over (partition by division_code, industry_code, indicator, unit, year(period) order by period) as before_period
    from best
    where period_grain = 'month' and period_kind = '累计'
),

-- series of single figures, and of generation by source; hours are left out
series as (
    select
        'sector_statistics' as source, division_code, industry_code, indicator, unit, period, period_grain, quantity, is_synthetic, batch_id, row_no, name
    from best
    where period_kind = '当期' and period_grain in ('month', 'year') and not regexp_matches(indicator, '增长|增速|指数|变动|下降|比重|率')
    union all
    select
        'grid_generation', division_code, '', '发电量：' || power_source, 'MWh', period, period_grain,
        {{ decimal_of('generation_mwh', 6) }}, is_synthetic, batch_id, row_no, power_source || '发电量（MWh）'
    from {{ ref('int_current__grid_generation') }}
    where {{ counts() }} and (period_grain = 'year' or (period_grain = 'month' and months_covered = 1))
),

neighbours as (
    select *,
        lag(quantity) over (partition by source, division_code, indicator, industry_code, unit, period_grain, is_synthetic order by period) as before,
        lead(quantity) over (partition by source, division_code, indicator, industry_code, unit, period_grain, is_synthetic order by period) as after
    from series
),

-- Q06: three kinds of parts of a yearly figure. Every vintage of the total is held against the best parts.
prefecture as (
    select
        left(division_code, 2) || '0000' as division_code, industry_code, indicator, unit, period, period_grain, period_kind, is_synthetic,
        sum(quantity) as quantity, count(*) as parts
    from best
    where division_code like '____00' and division_code not like '__0000'
    group by left(division_code, 2), industry_code, indicator, unit, period, period_grain, period_kind, is_synthetic
),

prefectures as (
    select left(division_code, 2) || '0000' as division_code, count(*) as parts
    from {{ ref('int_current__division') }}
    where division_code like '____00' and division_code not like '__0000'
    group by left(division_code, 2)
),

listed as (
    select
        p.identity, b.division_code, p.total_indicator, b.unit, b.period, b.period_grain, b.period_kind, b.is_synthetic,
        sum(b.quantity) as quantity, count(*) as parts, min(p.name_zh) as name_zh, min(p.name_en) as name_en
    from best as b
    inner join {{ ref('statistic_parts') }} as p on p.part_indicator = b.indicator and coalesce(p.part_industry, '') = b.industry_code
    group by p.identity, b.division_code, p.total_indicator, b.unit, b.period, b.period_grain, b.period_kind, b.is_synthetic
),

listed_parts as (
    select identity, count(*) as parts from {{ ref('statistic_parts') }} group by identity
),

months as (
    select
        division_code, industry_code, indicator, unit, cast(date_trunc('year', period) as date) as period, is_synthetic,
        sum(case when period_kind = '当期' then quantity end) as single_sum,
        count(case when period_kind = '当期' then 1 end) as single_months,
        sum(case when period_kind = '累计' and month(period) = 12 then quantity end) as to_date
    from best
    where period_grain = 'month'
    group by division_code, industry_code, indicator, unit, date_trunc('year', period), is_synthetic
),

parted as (
    select f.*, p.quantity as found, f.name || '的各市州' as what_zh, f.name || ' by prefecture' as what_en, 'prefectures' as item
    from figure as f
    inner join prefecture as p
        on p.division_code = f.division_code and p.industry_code = f.industry_code and p.indicator = f.indicator and p.unit = f.unit
        and p.period = f.period and p.period_grain = f.period_grain and p.period_kind = f.period_kind and p.is_synthetic = f.is_synthetic
    inner join prefectures as n on n.division_code = f.division_code and n.parts = p.parts
    -- a density, a rate or a share has no sum
    where f.unit not in ('%') and not regexp_matches(f.indicator, '人均|增长|增速|指数|比重|率|强度')
    union all
    select f.*, l.quantity, l.name_zh || '（' || f.unit || '）', l.name_en || ' (' || f.unit || ')', l.identity
    from figure as f
    inner join listed as l
        on l.division_code = f.division_code and f.industry_code = '' and l.total_indicator = f.indicator and l.unit = f.unit
        and l.period = f.period and l.period_grain = f.period_grain and l.period_kind = f.period_kind and l.is_synthetic = f.is_synthetic
    inner join listed_parts as n on n.identity = l.identity and n.parts = l.parts
    union all
    select f.*, case when m.single_months = 12 then m.single_sum else m.to_date end, f.name || '的各月', f.name || ' by month', 'months'
    from figure as f
    inner join months as m
        on m.division_code = f.division_code and m.industry_code = f.industry_code and m.indicator = f.indicator and m.unit = f.unit
        and m.period = f.period and m.is_synthetic = f.is_synthetic
    where f.period_grain = 'year' and (m.single_months = 12 or m.to_date is not null)
),

unreadable as (
    select t.*,
        case t.left_out
            when 'unknown_fuel' then '指标中的能源品种不在平衡表品种之内' when 'other_unit' then '单位不是该品种的实物量单位'
            when 'no_sector' then '行业代码不是 06-46 的大类' else '同一行业、品种以两种写法交来，只计其一' end as what_zh,
        case t.left_out
            when 'unknown_fuel' then 'the fuel in the indicator is no column of the balance' when 'other_unit' then 'the unit is not that of the fuel'
            when 'no_sector' then 'the industry is no division from 06 to 46' else 'the industry and fuel come in two spellings, one counts' end as what_en
    from {{ ref('int_inventory__sector_table') }} as t
    where t.left_out in ('unknown_fuel', 'other_unit', 'no_sector', 'twice')
),

-- the sector table beside the row of industry: its difference is a row of the inventory
sector_table as (
    select
        t.division_code, t.year, t.fuel_code, sum(t.quantity) as found, min(t.batch_id) as batch_id,
        max(case when t.is_synthetic then 1 else 0 end) = 1 as is_synthetic
    from {{ ref('int_inventory__sector_table') }} as t
    where t.left_out is null and t.role = 'final'
    group by t.division_code, t.year, t.fuel_code
)

select check_id, source, division_code, industry_code, indicator, item, period, period_grain, expected, found, unit, batch_id, row_no, is_synthetic, what_zh, what_en
from balance
union all
select
    'Q02-year-to-date-falls', 'sector_statistics', division_code, industry_code, indicator, '', period, period_grain, before, quantity, unit,
    batch_id, row_no, is_synthetic, name, name
from to_date
where quantity < before
union all
select
    'Q03-looks-year-to-date', 'sector_statistics', division_code, industry_code, indicator, '', make_date(year, cast(last_month as integer), 1), 'month',
    {{ decimal_of('first_value', 6) }}, {{ decimal_of('last_value', 6) }}, unit, batch_id, row_no, is_synthetic, indicator || '（' || unit || '）', indicator || ' (' || unit || ')'
from {{ ref('int_statistics__suspect') }}
union all
-- not a fault: how the series is published
select
    'Q04-months-together', 'sector_statistics', division_code, industry_code, indicator, '', period, period_grain, null, quantity, unit,
    batch_id, row_no, is_synthetic, name, name
from to_date
where before_period is null and month(period) = 2
union all
select
    'Q05-zero-missing', source, division_code, industry_code, indicator, '', period, period_grain, before, quantity, unit,
    batch_id, row_no, is_synthetic, name, name
from neighbours
where quantity = 0 and before > 0 and after > 0
union all
select
    'Q06-parts', 'sector_statistics', division_code, industry_code, indicator, concat_ws(':', item, period_kind, nullif(vintage, '')), period, period_grain, quantity, found, unit,
    batch_id, row_no, is_synthetic, what_zh, what_en
from parted
where abs(found - quantity) > abs(quantity) * {{ rule_limit('Q06-parts') }}
union all
select
    'Q07-vintages', 'sector_statistics', r.division_code, r.industry_code, r.indicator, r.period_kind, r.period, r.period_grain, p.quantity,
    r.quantity, r.unit, r.batch_id, r.row_no, r.is_synthetic, r.name, r.name
from figure as r
inner join figure as p
    on p.division_code = r.division_code and p.industry_code = r.industry_code and p.indicator = r.indicator and p.unit = r.unit
    and p.period = r.period and p.period_grain = r.period_grain and p.period_kind = r.period_kind and p.is_synthetic = r.is_synthetic
where r.vintage = '修订' and p.vintage = '初步' and abs(r.quantity - p.quantity) > abs(p.quantity) * {{ rule_limit('Q07-vintages') }}
union all
select
    'Q08-sector-table', 'sector_statistics', division_code, industry_code, indicator, left_out, make_date(year, 1, 1), 'year', null, quantity,
    unit, batch_id, row_no, is_synthetic, what_zh, what_en
from unreadable
union all
select
    'Q09-sector-table-difference', 'sector_statistics', t.division_code, '', f.name_zh, '', make_date(t.year, 1, 1), 'year', c.quantity, t.found,
    f.canonical_unit, t.batch_id, null, t.is_synthetic or coalesce(c.is_synthetic, false), f.name_zh, replace(t.fuel_code, '_', ' ')
from sector_table as t
inner join {{ ref('balance_fuel') }} as f on f.fuel_code = t.fuel_code
left join {{ ref('int_inventory__balance_cell') }} as c
    on c.division_code = t.division_code and c.year = t.year and c.fuel_code = t.fuel_code and c.item_code = 'industry'
where c.quantity is null or c.quantity <> t.found
union all
select
    check_id, 'energy_balance', division_code, '', indicator, '', make_date(year, 1, 1), 'year', {{ decimal_of('expected', 6) }},
    {{ decimal_of('found', 6) }}, unit, batch_id, row_no, is_synthetic, what_zh, what_en
from {{ ref('int_statistic_check__balance_neighbour') }}
union all
select check_id, source, division_code, '', indicator, item, period, period_grain, {{ decimal_of('expected', 6) }}, {{ decimal_of('found', 6) }}, unit,
    batch_id, row_no, is_synthetic, what_zh, what_en
from {{ ref('int_statistic_check__grid') }}
union all
select check_id, 'energy_balance', division_code, '', indicator, item, make_date(year, 1, 1), 'year', cast(expected as decimal(38, 6)), cast(found as decimal(38, 6)), unit,
    batch_id, row_no, is_synthetic, what_zh, what_en
from {{ ref('int_statistic_check__balance_cell') }}
