-- Table macros of the published file: the questions that analysts ask first, one query each, names beside every code.
-- A parameter that is left out (null) takes the latest year or month that the file has; the column period says which. `e.g.`: an example, run by a test.
-- Parameters have the names of columns, so every column here is qualified. One statement a macro, its comment, its example.

create macro marts.city_total(y := null) as table
    select t.code as division_code, t.code_name as division_name, t.code_name_en as division_name_en, t.period, t.direct_tco2e, t.purchased_power_location_tco2e,
        t.purchased_heat_tco2e, t.direct_tco2e + t.purchased_power_location_tco2e + t.purchased_heat_tco2e as total_location_tco2e,
        cast(t.direct_tco2e as double) / nullif(cast(sum(t.direct_tco2e) over () as double), 0) as share_of_direct,
        t.enterprises, t.coverage, t.measured_share, t.held_back_rows, t.held_back_tco2e, t.status, t.status_zh, t.status_en, t.status_reason_zh, t.status_reason_en, t.is_synthetic
    from marts.v_total_year as t
    where t.level = 'prefecture' and year(t.period) = coalesce(y, (select max(year(x.period)) from marts.fct_total_year as x where x.direct_tco2e is not null))
    order by t.direct_tco2e desc nulls last, t.code;
comment on macro table marts.city_total is '各市州当年合计，大的在前；y 为年份 | Totals of the prefectures in a year, the greatest first; y = year';
-- e.g. from marts.city_total()

create macro marts.industry_ranking(y := null, area := null) as table
    select row_number() over (order by t.direct_tco2e desc nulls last, t.code) as place, t.code, t.code_name, t.code_name_en, t.period, t.direct_tco2e,
        cast(t.direct_tco2e as double) / nullif(cast(sum(t.direct_tco2e) over () as double), 0) as share_of_direct,
        t.direct_tco2e - b.direct_tco2e as change_tco2e, t.purchased_power_location_tco2e, t.enterprises, t.coverage, t.measured_share, t.held_back_tco2e,
        t.status, t.status_zh, t.status_en, t.is_synthetic
    from marts.v_total_year as t
    left join marts.fct_total_year as b on b.level = t.level and b.code = t.code and b.period = t.period - interval 1 year
    where t.level = case when coalesce(area, {home}) = {home} then 'industry' else 'prefecture_industry' end and (coalesce(area, {home}) = {home} or starts_with(t.code, area || ':'))
        and year(t.period) = coalesce(y, (select max(year(x.period)) from marts.fct_total_year as x where x.direct_tco2e is not null))
    order by place;
comment on macro table marts.industry_ranking is '行业大类排名及比上年的变化；area 为市州代码，缺省全省 | Industry divisions by direct emission, with the change against the year before; area = a prefecture, else the province';
-- e.g. from marts.industry_ranking(area := '520300')

create macro marts.enterprise_account(who, y := null) as table
    select a.uscc, a.enterprise_name, a.division_name, a.industry_name, a.industry_division_name, a.industry_division_name_en, a.method_code, a.method_version, a.period,
        a.fuel_tco2e, a.process_tco2e, a.product_deduction_tco2e, a.co2_recovered_tco2e, a.direct_tco2e, a.purchased_power_location_tco2e,
        a.purchased_power_market_tco2e, a.purchased_heat_tco2e, a.total_location_tco2e, a.total_market_tco2e, a.energy_tce, a.measured_share, a.completeness,
        a.held_back_lines, a.hold_zh, a.hold_en, a.is_synthetic
    from marts.v_enterprise_account_month as a
    where (a.uscc = who or contains(a.enterprise_name, who))
        and year(a.period) = coalesce(y, (select max(year(x.period)) from marts.fct_enterprise_account_month as x))
    order by a.uscc, a.period;
comment on macro table marts.enterprise_account is '企业逐月账户；who 为统一社会信用代码或名称的一部分 | The monthly account of an enterprise; who = its credit code, or a part of its name';
-- e.g. from marts.enterprise_account((select min(uscc) from marts.dim_enterprise_latest))

create macro marts.movement(level, code, from_month := null, to_month := null, measure := 'direct_tco2e') as table
    with months as (
        select coalesce(cast(to_month as date), (select max(x.period) from marts.fct_total_month as x where x.direct_tco2e is not null)) as later
    ),
    pair as (select m.later, coalesce(cast(from_month as date), cast(m.later - interval 1 month as date)) as earlier from months as m),
    line as (
        select l.uscc, l.enterprise_name, l.emission_source, l.emission_source_zh, l.emission_source_en, l.item, l.item_zh, l.item_en, l.gas, l.activity_unit, p.earlier, p.later,
            sum(l.activity_quantity) filter (l.period = p.earlier) as q1, sum(l.activity_quantity) filter (l.period = p.later) as q2,
            coalesce(sum(l.emission_common_tco2e) filter (l.period = p.earlier), 0) as e1, coalesce(sum(l.emission_common_tco2e) filter (l.period = p.later), 0) as e2,
            count(*) filter (l.period = p.earlier) as n1, count(*) filter (l.period = p.later) as n2, bool_or(l.is_synthetic) as is_synthetic
        from marts.v_enterprise_emission_line as l, pair as p
        where l.period_grain = 'month' and l.period in (p.earlier, p.later) and {level_code} is not distinct from code
            and case when measure = 'purchased_power_location_tco2e' then l.emission_source = 'purchased_power' and l.electricity_view = 'location'
                when measure = 'direct_tco2e' then l.emission_source in {direct_sources} else error('没有指标 | no such measure: ' || measure) end
        group by all
    ),
    reported as (select distinct a.uscc, a.period from marts.fct_enterprise_account_month as a),
    part as (
        select l.*, l.e2 - l.e1 as change,
            case when l.n1 = 0 then 'entered' when l.n2 = 0 and r.uscc is null then 'silent' when l.n2 = 0 then 'left'
                when l.q1 is null or l.q2 is null or l.q1 = 0 then 'factor' end as whole,
            cast(case when l.n1 > 0 and l.n2 > 0 and l.q1 <> 0 then cast(l.e1 as double) * (l.q2 - l.q1) / l.q1 end as decimal(18, 3)) as by_activity
        from line as l
        left join reported as r on r.uscc = l.uscc and r.period = l.later
    )
    select p.uscc, p.enterprise_name, p.emission_source, p.emission_source_zh, p.emission_source_en, p.item, p.item_zh, p.item_en, p.gas, p.earlier as from_period, p.later as period,
        p.e1 as from_tco2e, p.e2 as to_tco2e, p.change as change_tco2e,
        case when p.whole is null then p.by_activity else 0 end as activity_tco2e,
        case when p.whole is null then p.change - p.by_activity when p.whole = 'factor' then p.change else 0 end as factor_tco2e,
        case when p.whole = 'entered' then p.change else 0 end as entered_tco2e, case when p.whole = 'left' then p.change else 0 end as left_tco2e,
        case when p.whole = 'silent' then p.change else 0 end as silent_tco2e, p.q1 as from_activity, p.q2 as to_activity, p.activity_unit,
        case p.whole when 'entered' then '上月没有该项，本月有' when 'left' then '企业本月没有上报该项' when 'silent' then '企业本月没有上报'
            else case when p.change = 0 then '没有变化' when abs(p.by_activity) >= abs(p.change - p.by_activity) then '活动量变化' else '因子或参数变化' end end as why_zh,
        case p.whole when 'entered' then 'not there in the earlier month' when 'left' then 'the enterprise does not report the item in the later month'
            when 'silent' then 'the enterprise has no report of the later month'
            else case when p.change = 0 then 'no change' when abs(p.by_activity) >= abs(p.change - p.by_activity) then 'activity' else 'factor or parameter' end end as why_en,
        p.is_synthetic
    from part as p
    order by abs(p.change) desc, p.uscc, p.emission_source, p.item, p.gas;
comment on macro table marts.movement is '两个月之间的变化及原因，大的在前：先按原因子计活动量变化，其余为因子；change_tco2e 之和即合计表两月之差；缺省为最近一月与其上月 | The change between two months and why, the greatest first: activity at the earlier factor, the rest is the factor; change_tco2e adds up to the difference of fct_total_month; else the latest month and the one before';
-- e.g. from marts.movement('prefecture', '520300')

create macro marts.not_reported(month := null) as table
    select c.uscc, c.enterprise_name, c.division_code, c.division_name, c.prefecture_name, c.prefecture_name_en, c.industry_name, c.industry_division_name, c.period, c.state, c.state_zh, c.state_en,
        c.sources_delivered, c.sources_due, c.quarantined_rows, l.missing_zh, l.missing_en, l.days_overdue, l.last_delivered_period, c.is_synthetic
    from quality.v_coverage_month as c
    left join (
        select k.uscc, string_agg(k.source_zh, '、' order by k.source) as missing_zh, string_agg(k.source_en, ', ' order by k.source) as missing_en,
            max(k.days_overdue) as days_overdue, min(k.last_delivered_period) as last_delivered_period
        from quality.v_call_list as k group by k.uscc
    ) as l on l.uscc = c.uscc
    where c.state <> 'reported' and (month is null or c.period = cast(month as date))
    order by c.period desc, l.days_overdue desc nulls last, c.uscc;
comment on macro table marts.not_reported is '未报、部分上报或全被隔离的企业与月份，缺哪些表、逾期几天；month 为当月 1 日，缺省全部 | Enterprises and months not reported, in part or all quarantined, with the missing forms and days overdue; month = its first day, else all';
-- e.g. from marts.not_reported()

create macro marts.target_board(area := null) as table
    select v.target_id, v.indicator_zh, v.indicator_en, v.division_code, v.division_name, v.period, v.target_year, v.target_value, v.unit, v.qualifier, v.reading_zh, v.reading_en, v.observed_value,
        v.observed_year, v.verdict, v.verdict_zh, v.verdict_en, v.reason_zh, v.reason_en, v.required_rate, v.lead_agencies, v.observed_source_zh, v.observed_document, v.is_synthetic
    from marts.v_target_verdict as v
    where v.division_code = coalesce(area, {home})
    order by v.target_id, v.period;
comment on macro table marts.target_board is '规划目标的结论与理由；area 为地区代码，缺省全省 | Verdicts of the targets of the plan with their reasons; area = division code, else the province';
-- e.g. from marts.target_board() where verdict <> 'not_assessable'

create macro marts.factor_used(who, y := null) as table
    with used as (
        select l.uscc, l.enterprise_name, l.emission_source_zh, l.emission_source_en, l.item, l.item_zh, l.item_en, l.gas, l.electricity_view_zh, l.electricity_view_en, l.factor_id, l.factor_value,
            l.factor_unit, l.factor_tier, l.factor_tier_zh, l.factor_tier_en, l.formula, min(l.period) as first_period, max(l.period) as last_period,
            sum(l.activity_quantity) as activity_quantity, l.activity_unit, sum(l.emission_tco2e) as emission_tco2e, bool_or(l.is_synthetic) as is_synthetic
        from marts.v_enterprise_emission_line as l
        where (l.uscc = who or contains(l.enterprise_name, who)) and year(l.period) = coalesce(y, (select max(year(x.period)) from marts.fct_enterprise_emission_line as x))
        group by all
    ),
    part as (select distinct u.factor_id, unnest(string_split_regex(u.factor_id, '[+;] ?')) as part from used as u),
    known as (
        select p.factor_id, string_agg(distinct f.document, '；' order by f.document) as document, max(f.data_year) as data_year
        from part as p inner join reference.emission_factor as f on f.factor_id = p.part and not f.is_in_conflict
        group by p.factor_id
    )
    select u.*, k.document, k.data_year
    from used as u
    left join known as k on k.factor_id = u.factor_id
    order by abs(u.emission_tco2e) desc, u.uscc, u.item, u.gas, u.electricity_view_en, u.factor_id, u.factor_value;
comment on macro table marts.factor_used is '企业用了哪些因子：数值、等级、文件、活动量与排放；各电力视角不可相加 | The factors that an enterprise was computed with: value, tier, document, activity and emission; never add over electricity views';
-- e.g. from marts.factor_used((select min(uscc) from marts.dim_enterprise_latest))

create macro marts.reconciliation(y := null, area := null) as table
    select r.division_code, r.division_name, r.year, r.evaluation_order, r.cause, r.cause_zh, r.cause_en, r.tco2e, r.located_tco2e, r.allocated_tco2e, r.basis_zh, r.basis_en, r.unexplained_share,
        r.gate_zh, r.gate_en, r.how_zh, r.how_en, r.is_synthetic
    from marts.v_reconciliation_year as r
    where r.division_code = coalesce(area, {home}) and r.year = coalesce(y, (select max(x.year) from marts.fct_reconciliation_year as x where x.gate <> 'not_assessable'), (select max(x.year) from marts.fct_reconciliation_year as x))
    order by r.evaluation_order;
comment on macro table marts.reconciliation is '从企业账户合计到自上而下合计的对账桥；缺省全省、最近可评的一年 | The bridge from the sum of accounts to the top-down total; else the province and the latest year that can be judged';
-- e.g. from marts.reconciliation()

create macro marts.restatement(level := 'province', code := null) as table
    select r.release_id, r.from_release_id, r.level, r.level_zh, r.level_en, r.code, r.code_name, r.code_name_en, r.period_kind, r.period, r.measure, r.measure_zh, r.measure_en, r.cause, r.cause_zh, r.cause_en, r.delta_tco2e, r.is_synthetic
    from marts.v_restatement as r
    where r.level = level and r.code = coalesce(code, {home}) and r.delta_tco2e <> 0
    order by r.release_id desc, r.period_kind, r.period desc, r.measure, r.evaluation_order;
comment on macro table marts.restatement is '相对前一版本改了多少、因何；第一个版本没有前一版本，因而没有行 | What was restated against the release before, and why; a first release has none before it, so no rows';
-- e.g. from marts.restatement()

create macro marts.held_back(y := null) as table
    select '未计算的活动' as kind_zh, 'activity that makes no line' as kind_en, h.uscc, h.enterprise_name, h.division_name, cast(h.period as varchar) as period, h.source_zh, h.source_en, coalesce(h.item_zh, h.item) as item,
        h.held_back_tco2e, h.reason_zh as why_zh, h.reason_en as why_en, cast(null as varchar) as advice_zh, b.file_name, h.batch_id, h.row_no, h.is_synthetic
    from marts.v_enterprise_held_back_line as h
    left join quality.batch as b on b.batch_id = h.batch_id
    where (h.electricity_view is null or h.electricity_view = 'location') and (y is null or year(h.period) = y)
    union all
    select '隔离的行', 'quarantined row', f.uscc, f.enterprise_name, null, cast(f.period as varchar), f.source_zh, f.source_en, f.column_name, null, f.message_zh, f.message_en, f.advice_zh, f.file_name, f.batch_id, f.row_no, f.is_synthetic
    from quality.v_failed_row as f
    where f.severity in ('warning', 'critical') and (y is null or starts_with(coalesce(cast(f.period as varchar), ''), cast(y as varchar)))
    order by 10 desc nulls last, 3, 6, 15, 16, 11;
comment on macro table marts.held_back is '没有计入的：不能计算的活动（附估计吨数）与被隔离的行，附原因；缺省全部年份 | What does not count: activity that cannot be computed (with its tonnes where known) and quarantined rows, with the reason; else of all years';
-- e.g. from marts.held_back()

create macro marts.ets_position(y := null) as table
    with computed as (
        select i.uscc, year(i.period) as year, i.sector_zh, i.sector_en, i.ets_direct_tco2e as emission_tco2e, i.allowance_t, i.gap_t, i.hold_zh, i.hold_en, i.allowance_hold_zh, i.allowance_hold_en, i.is_synthetic
        from marts.v_ets_industry_year as i
        union all
        select u.uscc, year(u.period), '发电', 'power', sum(u.emission_tco2e), case when count(*) = count(u.allowance_t) then sum(u.allowance_t) end,
            case when count(*) = count(u.gap_t) then sum(u.gap_t) end, min(u.hold_zh), min(u.hold_en), min(u.allowance_hold_zh), min(u.allowance_hold_en), bool_or(u.is_synthetic)
        from marts.v_power_unit_year as u
        group by u.uscc, year(u.period)
    )
    select c.uscc, e.enterprise_name, e.prefecture_name, c.year, c.sector_zh, c.sector_en, c.emission_tco2e, c.allowance_t, c.gap_t, r.free_allocation_t, r.held_t, r.surrendered_t, r.ccer_t,
        coalesce(c.hold_zh, c.allowance_hold_zh) as why_zh, coalesce(c.hold_en, c.allowance_hold_en) as why_en, c.is_synthetic
    from computed as c
    left join marts.dim_enterprise_latest as e on e.uscc = c.uscc
    left join marts.fct_allowance_year as r on r.uscc = c.uscc and r.year = c.year
    where c.year = coalesce(y, (select max(x.year) from computed as x where x.allowance_t is not null), (select max(x.year) from computed as x))
    order by c.gap_t desc nulls last, c.uscc;
comment on macro table marts.ets_position is '碳市场头寸：排放、配额、缺口（正为短缺）与登记的配额、清缴、CCER；缺省最近有配额的一年 | Position in the carbon market: emission, allowance, gap (positive = short), and allocation, holdings, surrender and CCER as registered; else the latest year with allowances';
-- e.g. from marts.ets_position()
