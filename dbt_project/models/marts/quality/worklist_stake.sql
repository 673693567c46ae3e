-- What hangs on each open item, year by year: the account and the totals with the item's tonnes in them, the allowance gap, the compliance and
-- the quality grade of the enterprise, and the targets whose observation is made from the delivery. Only what the ledger computes is named.
with item as (
    select i.batch_id, i.check_id, min(i.source) as source, bool_or(b.is_synthetic) as is_synthetic
    from {{ ref('int_worklist__row') }} as i
    inner join {{ ref('int_delivery__batch') }} as b on b.batch_id = i.batch_id
    where i.state in ('open', 'waiting_for_enterprise')
    group by i.batch_id, i.check_id
),

weight as (
    select w.batch_id, w.check_id, w.source, w.row_no, w.uscc, make_date(cast(year(w.period) as integer), 1, 1) as period, w.tonnes
    from {{ ref('int_worklist__row') }} as w
    where w.state in ('open', 'waiting_for_enterprise')
),

-- where the tonnes of one row are unknown, those of the cell are
enterprise as (
    select w.batch_id, w.check_id, w.source, w.uscc, w.period, r.prefecture_code, left(r.industry_code, 2) as industry,
        case when count(*) = count(w.tonnes) then sum(w.tonnes) end as tonnes
    from weight as w
    inner join {{ ref('int_current__register_latest') }} as r on r.uscc = w.uscc
    where w.period is not null
    group by w.batch_id, w.check_id, w.source, w.uscc, w.period, r.prefecture_code, left(r.industry_code, 2)
),

cell as (
    {% for level, code in [('province', 'n.home_province'), ('prefecture', 'e.prefecture_code'), ('industry', 'e.industry')] %}
    select e.batch_id, e.check_id, '{{ level }}' as level, {{ code }} as code, e.period,
        case when count(*) = count(e.tonnes) then sum(e.tonnes) end as tonnes
    from enterprise as e
    cross join {{ of_night('night') }} as n
    group by 1, 2, 3, 4, 5
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

gap as (
    select 'power_unit_month' as of_source, uscc, make_date(cast(year(period) as integer), 1, 1) as period, sum(gap_t) as gap_t, min(benchmark) as benchmark
    from {{ ref('fct_power_unit_month') }}
    group by 1, 2, 3
    union all
    select 'enterprise', uscc, period, gap_t, null from {{ ref('fct_ets_industry_year') }}
),

-- the body, and of generation the series, that a delivered fact speaks of; what did not enter speaks of the whole source
fact as (
    select batch_id, row_no, division_code, 'capacity:' || power_source as series from {{ ref('int_current__grid_generation') }} where conflict is null
    union all
    select batch_id, row_no, division_code, null from {{ ref('int_current__energy_balance') }} where conflict is null
    union all
    select batch_id, row_no, division_code, null from {{ ref('int_current__sector_statistics') }} where conflict is null
),

target as (
    select distinct w.batch_id, w.check_id, t.target_id, t.division_code, t.period, t.observed_value, t.verdict, t.indicator_zh, t.indicator_en
    from weight as w
    left join fact as f on f.batch_id = w.batch_id and f.row_no = w.row_no
    inner join {{ ref('fct_target_verdict') }} as t
        on (t.observed_source = 'target_observation' and t.batch_id = w.batch_id and (t.row_no = w.row_no or w.row_no = 0))
        or (w.source <> 'target_observation' and list_contains(string_split(t.observed_source, ' + '), w.source)
            and t.observed_year = coalesce(cast(year(w.period) as integer), t.observed_year) and t.division_code = coalesce(f.division_code, t.division_code))
    where f.series is null or t.target_id in (select r.target_id from {{ ref('target_rule') }} as r where r.own_series = f.series)
),

stake as (
    select e.batch_id, e.check_id, 'account' as kind, e.uscc as code, e.period, e.tonnes, cast(a.total_location_tco2e as double) as figure, 'tCO2e' as unit,
        cast(null as varchar) as state, '企业账户（位置法合计）' as zh, 'account of the enterprise (location based)' as en
    from enterprise as e
    left join {{ ref('fct_enterprise_account_year') }} as a on a.uscc = e.uscc and a.period = e.period
    union all
    -- bought power and heat stand beside what was bought, the rest beside direct emissions
    select c.batch_id, c.check_id, c.level, c.code, c.period, c.tonnes,
        cast(case when i.source = 'enterprise_power_heat' then t.purchased_power_location_tco2e + t.purchased_heat_tco2e else t.direct_tco2e end as double), 'tCO2e', null,
        case c.level when 'province' then '全省合计' when 'prefecture' then '市州合计' else '行业合计' end
            || case when i.source = 'enterprise_power_heat' then '（净购入电力、热力）' else '（直接排放）' end,
        'total of the ' || c.level || case when i.source = 'enterprise_power_heat' then ' (net purchased power and heat)' else ' (direct)' end
    from cell as c
    inner join item as i on i.batch_id = c.batch_id and i.check_id = c.check_id
    left join {{ ref('fct_total_year') }} as t on t.level = c.level and t.code = c.code and t.period = c.period
    union all
    select e.batch_id, e.check_id, 'allowance_gap', e.uscc, e.period, e.tonnes, cast(g.gap_t as double), 'tCO2e', null,
        case when g.benchmark is not null then '机组配额缺口（基准值 ' || {{ shown('g.benchmark') }} || '）' else '配额缺口' end,
        case when g.benchmark is not null then 'allowance gap of the power units (benchmark ' || {{ shown('g.benchmark') }} || ')' else 'allowance gap' end
    from enterprise as e
    inner join gap as g on g.gap_t is not null and g.uscc = e.uscc and g.period = e.period
        and g.of_source = case when e.source = 'power_unit_month' then e.source when e.source like 'enterprise_%' then 'enterprise' end
    union all
    select e.batch_id, e.check_id, 'compliance', e.uscc, e.period, e.tonnes, y.allocation_gap_t, 'tCO2e',
        case when y.surrender_within_held is null then null when y.surrender_within_held then 'surrender_within_held' else 'surrender_over_held' end,
        '碳市场履约（排放减免费配额）', 'compliance in the carbon market (emission less free allocation)'
    from enterprise as e
    inner join {{ ref('fct_allowance_year') }} as y on y.uscc = e.uscc and make_date(y.year, 1, 1) = e.period
    where e.source in ('allowance', 'credit') or e.source = 'power_unit_month' and y.emission_basis = 'power_units'
        or e.source like 'enterprise_%' and y.emission_basis = 'direct'
    union all
    select e.batch_id, e.check_id, 'quality_grade', e.uscc, e.period, e.tonnes, cast(q.score as double), '1', q.grade,
        '账户质量等级（满分 100）', 'quality grade of the account (of 100)'
    from enterprise as e
    inner join {{ ref('fct_account_quality_year') }} as q on q.uscc = e.uscc and q.period = e.period
    where e.source like 'enterprise_%'
    union all
    select t.batch_id, t.check_id, 'target', t.target_id || '@' || t.division_code, t.period, null, t.observed_value, '*', t.verdict, t.indicator_zh, t.indicator_en
    from target as t
)

select
    cast({{ item_id('s') }} as varchar) as item_id,
    cast(s.kind as varchar) as kind,
    cast(s.code as varchar) as code,
    cast(s.period as date) as period,
    cast(s.tonnes as decimal(18, 3)) as tonnes_at_stake,
    cast(s.figure as double) as figure,
    cast(s.unit as varchar) as unit,
    cast(s.state as varchar) as state,
    cast(s.zh as varchar) as name_zh,
    cast(s.en as varchar) as name_en,
    cast(i.is_synthetic as boolean) as is_synthetic
from stake as s
inner join item as i on i.batch_id = s.batch_id and i.check_id = s.check_id
