-- Table macros of the published file: the commonest walks from a figure down, as one query each. `carbon explain` walks further (delivered rows).
-- A period is a text: YYYY = a year, YYYY-MM = a month (the lines of monthly facts). {level_code}: the code of a line at a level (pipelines/publish/identities.py).
-- Parameters have the names of columns, so every column here is qualified. One statement a macro, then its comment and an example (`e.g.`) that a test runs.

create macro marts.explain_total(level, code, period) as table
    select l.uscc, l.enterprise_name, l.period as line_period, l.emission_source, l.emission_source_zh, l.emission_source_en, l.item, l.item_zh, l.item_en, l.gas, l.activity_quantity,
        l.activity_unit, l.factor_value, l.factor_unit, l.emission_common_tco2e, l.factor_id, l.factor_tier, l.factor_tier_zh, l.factor_tier_en, l.line_id, b.file_name, l.batch_id, l.row_no
    from marts.v_enterprise_emission_line as l
    left join quality.batch as b on b.batch_id = l.batch_id
    where l.emission_source in {direct_sources} and {level_code} is not distinct from code
        and case when length(cast(period as varchar)) = 4 then year(l.period) = cast(period as integer)
            else l.period_grain = 'month' and strftime(l.period, '%Y-%m') = left(cast(period as varchar), 7) end
    order by abs(l.emission_common_tco2e) desc, l.line_id;
comment on macro table marts.explain_total is '直接排放合计的排放行，大的在前：emission_common_tco2e 之和即 fct_total_*.direct_tco2e | The lines of a direct total, the greatest first: emission_common_tco2e adds up to fct_total_*.direct_tco2e';
-- e.g. from marts.explain_total('province', '520000', '2025-12') limit 20

create macro marts.explain_account(uscc, period) as table
    select l.emission_source, l.electricity_view, l.unit_code, l.item, l.gas, l.period as line_period, l.activity_quantity, l.activity_unit,
        l.factor_value, l.factor_unit, l.gas_t, l.gwp_set, l.emission_tco2e, l.formula, l.factor_id, l.factor_tier, l.line_id, b.file_name, l.batch_id, l.row_no
    from marts.fct_enterprise_emission_line as l
    left join quality.batch as b on b.batch_id = l.batch_id
    where l.uscc = uscc
        and case when length(cast(period as varchar)) = 4 then year(l.period) = cast(period as integer)
            else l.period_grain = 'month' and strftime(l.period, '%Y-%m') = left(cast(period as varchar), 7) end
    order by l.emission_source, l.electricity_view, abs(l.emission_tco2e) desc, l.line_id;
comment on macro table marts.explain_account is '企业账户一个期间的排放行；同一购电按视角（electricity_view）各列一行，不可跨视角相加 | The lines of an account and period; bought power has a line for each electricity_view: never add over views';
-- e.g. from marts.explain_account((select min(uscc) from marts.dim_enterprise_latest), '2025') limit 20

create macro marts.explain_line(line_id) as table
    select l.uscc, l.period as line_period, l.emission_source, l.item, l.gas, l.activity_quantity, l.activity_unit, l.factor_value, l.factor_unit, l.gas_t,
        l.emission_tco2e, l.formula, p.part as factor_part, f.value as part_value, f.unit as part_unit, f.data_year, f.status, f.document,
        b.source, b.file_name, b.received_at, l.batch_id, l.row_no
    from (select m.*, unnest(string_split_regex(coalesce(m.factor_id, ''), '[+;] ?')) as part from marts.fct_enterprise_emission_line as m) as p
    inner join marts.fct_enterprise_emission_line as l on l.line_id = p.line_id
    left join reference.emission_factor as f on f.factor_id = p.part and not f.is_in_conflict
    left join quality.batch as b on b.batch_id = l.batch_id
    where l.line_id = line_id
    order by list_position(string_split_regex(coalesce(l.factor_id, ''), '[+;] ?'), p.part);
comment on macro table marts.explain_line is '一条排放行：公式、逐个因子及其文件、申报文件与行 | One line: its formula, each factor with its document, the delivered file and row';
-- e.g. from marts.explain_line((select min(line_id) from marts.fct_enterprise_emission_line))

create macro marts.explain_row(batch_id, row_no) as table
    select 'finding' as kind, r.check_id as id, r.severity as what, r.column_name, r.reported_value, cast(null as varchar) as used_value, r.message_zh as zh, r.message_en as en
    from quality.failed_row as r
    where r.batch_id = batch_id and r.row_no = row_no
    union all
    select 'decision', d.decision_id, d.decision, d.column_name, d.reported_value, d.used_value, d.state_zh, d.state_en
    from quality.decision as d
    where d.batch_id = batch_id and d.row_no = row_no
    order by all;
comment on macro table marts.explain_row is '一个申报行上的规则发现与治理决定 | What the rules said of a delivered row, and what the steward decided';
-- e.g. from marts.explain_row((select min(batch_id) from quality.failed_row), 2)

create macro marts.explain_bridge(division_code, year) as table
    select r.evaluation_order, r.cause, r.cause_zh, r.cause_en, r.tco2e, r.located_tco2e, r.allocated_tco2e, r.basis, r.how_zh, r.how_en, r.allocation_keys
    from marts.fct_reconciliation_year as r
    where r.division_code = division_code and r.year = year
    order by r.evaluation_order;
comment on macro table marts.explain_bridge is '从账户合计到自上而下合计的各项原因及其算法 | The causes from the sum of accounts to the top-down total, and how each is made';
-- e.g. from marts.explain_bridge('520000', 2024)

create macro marts.explain_inventory(division_code, year, factor_set) as table
    select i.sector, i.sector_zh, i.sector_en, i.fuel, i.fuel_zh, i.activity_quantity, i.activity_unit, i.factor_value, i.factor_unit, i.factor_id, i.factor_status,
        i.emission_tco2, i.held_back_reason_zh, i.held_back_reason_en
    from marts.fct_inventory_year as i
    where i.division_code = division_code and i.year = year and i.factor_set = factor_set
    order by abs(i.emission_tco2) desc nulls last, i.sector, i.fuel;
comment on macro table marts.explain_inventory is '清单各行：活动量 × 因子，大的在前 | The rows of an inventory: activity x factor, the greatest first';
-- e.g. from marts.explain_inventory('520000', 2014, 'ceads') limit 20
