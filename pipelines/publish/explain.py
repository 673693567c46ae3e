"""From a published figure of the live release down to lines, factors, file and row.

    explain_line     one emission line: activity x factor x GWP, the factor's document, the delivered row
    explain_account  an enterprise's account of a month or year, with its lines
    explain_cell     any cell: of the lines, an account, a total (by enterprise, the greatest first), the bridge,
                     the inventory, or another table (its row, and the delivery it comes from)
Amounts are tCO2e unless their name says otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

import polars as pl

from pipelines.contracts.codes import SEEDS, read_rows
from pipelines.publish.contract import Table, published_tables
from pipelines.publish.evidence import (
    Batch,
    Factor,
    SourceRow,
    balance_rows,
    factors,
    gwp,
    lake_factors,
    plain,
    source_row,
)
from pipelines.publish.explanation import AccountExplanation, CellExplanation, Contribution, LineBrief, LineExplanation
from pipelines.publish.identities import ACCOUNT_MEASURES, TOTAL_MEASURES, AccountMeasure
from pipelines.publish.problem import PublishError
from pipelines.publish.render import render
from pipelines.publish.store import DATABASE, live_folder, read_manifest
from pipelines.settings import Settings
from pipelines.warehouse.duck import attach, connect, identifier, quoted

__all__ = ["as_json", "explain_account", "explain_cell", "explain_line", "render"]

LINES = "marts.fct_enterprise_emission_line"
_LINES_SQL = "live.marts.fct_enterprise_emission_line"
_ACCOUNT = "marts.fct_enterprise_account_"
_TOTAL = "marts.fct_total_"
_BRIDGE = "marts.fct_reconciliation_year"
_ALL_LINES = AccountMeasure("emission_tco2e", "true")
_OF_ACCOUNT = {
    **ACCOUNT_MEASURES,
    "direct_tco2e": AccountMeasure("emission_tco2e", TOTAL_MEASURES["direct_tco2e"].where),
    "total_location_tco2e": AccountMeasure(
        "emission_tco2e",
        f"({TOTAL_MEASURES['direct_tco2e'].where} or emission_source = 'purchased_heat'"
        " or (emission_source = 'purchased_power' and electricity_view = 'location'))",
    ),
    "total_market_tco2e": AccountMeasure(
        "emission_tco2e",
        f"({TOTAL_MEASURES['direct_tco2e'].where} or emission_source = 'purchased_heat'"
        " or (emission_source = 'purchased_power' and electricity_view = 'market'))",
    ),
}

# A line's code at each level. `f` is the seed field_of_division, joined by the industry's first two digits.
_DIVISION = r"regexp_extract(l.industry_code, '\d{2}')"
_PREFECTURE = "substr(l.division_code, 1, 4) || '00'"
_FIELD = """case when l.emission_source in ('process', 'product_deduction', 'co2_recovered')
    then case when regexp_matches(coalesce(l.factor_id, ''), '(^|[:+])(waste|wastewater)/') then 'waste'
         else 'industrial_processes' end
    else f.field end"""
_CODE_AT = {
    "province": "substr(l.division_code, 1, 2) || '0000'",
    "prefecture": _PREFECTURE,
    "county": "l.division_code",
    "industry": _DIVISION,
    "industry_class": "l.industry_code",
    "industry_section": "f.section",
    "field": _FIELD,
    "prefecture_industry": f"{_PREFECTURE} || ':' || {_DIVISION}",
}
# When the lines carry the code themselves, that one counts.
_CODE_COLUMN = {"field": "field", "industry_section": "industry_section", "prefecture": "prefecture_code"}


@dataclass
class _Live:
    """The live release, open."""

    settings: Settings
    db: Any
    release_id: str
    known_by: date
    tables: dict[str, Table]

    def rows(self, sql: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        """Rows of a query as dictionaries."""
        cursor = self.db.execute(sql, values or [])
        names = [part[0] for part in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    @cached_property
    def factors(self) -> pl.DataFrame:
        """The factors of the release; where it has none, those of the lake that it could know."""
        name = "reference.emission_factor"
        if name not in self.tables:
            return lake_factors(self.settings, self.known_by)
        found = self.rows(f"select * from {self.tables[name].sql_name('live')} order by is_in_conflict desc, batch_id, row_no")
        return pl.DataFrame(found, infer_schema_length=None) if found else lake_factors(self.settings, self.known_by)

    def batch(self, batch_id: str | None) -> Batch | None:
        """A batch by its id; with its id alone when quality.batch does not have it."""
        if not batch_id:
            return None
        found = self.rows("select * from live.quality.batch where batch_id = ?", [batch_id])
        return Batch(batch_id, found[0] if found else {})


@contextmanager
def _live(settings: Settings) -> Iterator[_Live]:
    folder = live_folder(settings)   # resolved once: tables and release.json are of one release
    manifest = read_manifest(folder) if folder else None
    if folder is None or manifest is None:
        raise PublishError("还没有已发布的版本", "nothing is published yet")
    with connect() as db:
        attach(db, folder / DATABASE, "live")
        known_by = date.fromisoformat(manifest["knowledge_date"])
        yield _Live(settings, db, manifest["release_id"], known_by, published_tables(db, "live"))


def as_json(explanation: LineExplanation | AccountExplanation | CellExplanation) -> dict[str, Any]:
    """An explanation as plain values that `json` writes."""
    found: dict[str, Any] = plain(explanation)
    return found


# --- lines -----------------------------------------------------------------------------------------------------------


def explain_line(settings: Settings, line_id: str) -> LineExplanation:
    """One line of the live release. Raises PublishError when there is none of that id."""
    with _live(settings) as live:
        found = live.rows(f"select * from {_LINES_SQL} where line_id = ?", [line_id])
        if not found:
            raise PublishError(f"没有排放行 {line_id}", f"there is no line {line_id}")
        return _line(live, found[0])


def _line(live: _Live, line: dict[str, Any]) -> LineExplanation:
    batch = live.batch(line["batch_id"])
    row = None
    if line["batch_id"] and line["row_no"] is not None:
        source = line.get("source") or (batch.details.get("source") if batch else None)
        row = _source_row(live, source, line["batch_id"], line["row_no"])
    gas_factor = gwp(live.factors, line["gwp_set"], line["gas"])
    zh, en = formula(line, gas_factor)
    return LineExplanation(live.release_id, line, zh, en, formula_holds(line),
                           factors(live.factors, line["factor_id"]), gas_factor, batch, row)


def _source_row(live: _Live, source: str | None, batch_id: str, row_no: int) -> SourceRow:
    """The delivered row with the decisions on it: the figure rests on the value used, the file has the reported one."""
    decisions = live.rows(
        "select decision_id, decision, column_name, reported_value, used_value, state_zh, state_en, decided_by, second_by, decided_on"
        " from live.quality.decision where batch_id = ? and row_no = ? order by decided_on, decision_id, column_name", [batch_id, row_no])
    return replace(source_row(live.settings, source, batch_id, row_no, live.known_by), decisions=tuple(decisions))


def formula(line: dict[str, Any], gas_factor: Factor | None = None) -> tuple[str, str]:
    """A line's arithmetic in words: (Chinese, English)."""
    activity = f"{_number(line['activity_quantity'])} {line['activity_unit'] or ''}".strip()
    factor = f"{_number(line['factor_value'])} {line['factor_unit'] or ''}".strip()
    gas = f"{_number(line['gas_t'])} t {line['gas']}"
    potential = _number(gas_factor.value if gas_factor else _implied_gwp(line))
    result = f"{_number(line['emission_tco2e'])} tCO2e"
    return (
        f"活动水平 {activity} × 因子 {factor} = {gas}；{gas} × GWP {potential}（{line['gwp_set']}）= {result}",
        f"activity {activity} x factor {factor} = {gas}; {gas} x GWP {potential} ({line['gwp_set']}) = {result}",
    )


def formula_holds(line: dict[str, Any]) -> bool | None:
    """Whether activity x factor is the line's gas, but for sign and the last digits; None when a part is missing."""
    parts = [line["activity_quantity"], line["factor_value"], line["gas_t"]]
    if any(part is None for part in parts):
        return None
    activity, factor, gas = (float(part) for part in parts)
    return math.isclose(abs(activity * factor), abs(gas), rel_tol=1e-6, abs_tol=1e-9)


def _implied_gwp(line: dict[str, Any]) -> float | None:
    if line["gas"] == "CO2":
        return 1.0
    if not line["gas_t"] or line["emission_tco2e"] is None:
        return None
    return round(float(line["emission_tco2e"]) / float(line["gas_t"]), 3)


def _number(value: Any) -> str:
    if value is None:
        return "—"
    return f"{value:,}" if isinstance(value, int | Decimal) else f"{float(value):,.10g}"


def _briefs(live: _Live, where: str, values: list[Any], limit: int | None = None) -> list[LineBrief]:
    sql = (f"select l.*, b.file_name as _file_name from {_LINES_SQL} as l"
           " left join live.quality.batch as b on l.batch_id = b.batch_id"
           f" where l.line_id in (select line_id from {_LINES_SQL} where {where})"
           " order by abs(l.emission_tco2e) desc, l.line_id" + (f" limit {limit}" if limit else ""))
    briefs = []
    for line in live.rows(sql, values):
        file_name = line.pop("_file_name")
        briefs.append(LineBrief(line, *formula(line), file_name, line["row_no"]))
    return briefs


# --- accounts --------------------------------------------------------------------------------------------------------


def explain_account(settings: Settings, uscc: str, period: str) -> AccountExplanation:
    """The account of an enterprise for `YYYY-MM` or `YYYY`, with its lines, the greatest first. Raises PublishError."""
    grain, day = parse_period(period)
    with _live(settings) as live:
        table = f"live.{_ACCOUNT}{grain}"
        found = live.rows(f"select * from {table} where uscc = ? and period = ?", [uscc, day])
        if not found:
            raise PublishError(f"没有 {uscc} 在 {period} 的账户", f"there is no account of {uscc} for {period}")
        where, values = _lines_of(grain, day)
        briefs = _briefs(live, f"uscc = ? and {where}", [uscc, *values])
        return AccountExplanation(live.release_id, uscc, period, found[0], briefs)


def parse_period(text: str) -> tuple[str, date]:
    """`YYYY-MM`, `YYYY` or a first day in ISO form -> (grain, first day). Raises PublishError."""
    try:
        if len(text) == 4:
            return "year", date(int(text), 1, 1)
        return "month", date.fromisoformat(text if len(text) > 7 else f"{text}-01")
    except ValueError as error:
        raise PublishError(f"报告期应为 YYYY-MM 或 YYYY：{text}", f"a period is YYYY-MM or YYYY, not {text}") from error


def _lines_of(grain: str, day: date) -> tuple[str, list[Any]]:
    """The lines of a period. The ledger holds a fact once: its months, or the year where that is what counts."""
    if grain == "month":
        return "period_grain = 'month' and period = ?", [day]
    return "year(period) = ?", [day.year]


# --- cells -----------------------------------------------------------------------------------------------------------


def explain_cell(settings: Settings, table: str, column: str, key: dict[str, str], top: int = 20) -> CellExplanation:
    """One cell of a published table, found by a key that names one row. `marts.` may be left out.

    top: how many enterprises or lines are listed. Raises PublishError when table, column or row is not there.
    """
    with _live(settings) as live:
        cell = _cell(live, table if "." in table else f"marts.{table}", column, key)
        if cell.table == LINES:
            cell.lines = _briefs(live, "line_id = ?", [cell.row["line_id"]])
            _add_source(live, cell)
        elif cell.table.startswith(_ACCOUNT):
            _explain_account_cell(live, cell, top)
        elif cell.table.startswith(_TOTAL):
            _explain_total_cell(live, cell, top)
        elif cell.table == _BRIDGE:
            _explain_bridge(live, cell, top)
        else:
            _explain_other(live, cell, top)
        return cell


def _cell(live: _Live, name: str, column: str, key: dict[str, str]) -> CellExplanation:
    table = live.tables.get(name)
    if table is None:
        raise PublishError(f"没有已发布的表 {name}", f"there is no published table {name}")
    for wanted in (column, *key):
        if wanted not in table.columns:
            raise PublishError(f"表 {name} 没有列 {wanted}", f"table {name} has no column {wanted}")
    values = [_typed(table.columns[part].type, value) for part, value in key.items()]
    where = " and ".join(f"cast({identifier(part)} as varchar) = ?" for part in key) or "true"
    found = live.rows(f"select * from {table.sql_name('live')} where {where} limit 2", values)
    if len(found) != 1:
        text = ", ".join(f"{part}={value}" for part, value in key.items())
        raise PublishError(f"键 {text} 在 {name} 中对应 {'多行' if found else '零行'}，应为一行",
                           f"the key {text} names {'several rows' if found else 'no row'} of {name}, not one")
    comment = table.columns[column].comment
    return CellExplanation(live.release_id, name, column, key, found[0][column], comment, found[0])


def _typed(kind: str, value: str) -> str:
    """A key's value as DuckDB writes it: periods may be given as YYYY-MM or YYYY."""
    if kind == "DATE" and len(str(value)) in (4, 7):
        return parse_period(str(value))[1].isoformat()
    return str(value).lower() if kind == "BOOLEAN" else str(value)


def _add_source(live: _Live, cell: CellExplanation) -> None:
    cell.batch = live.batch(cell.row.get("batch_id"))
    if cell.batch and cell.row.get("row_no") is not None:
        source = cell.batch.details.get("source")
        cell.sources = [_source_row(live, source, cell.batch.batch_id, cell.row["row_no"])]


def _explain_account_cell(live: _Live, cell: CellExplanation, top: int) -> None:
    where, values = _lines_of(cell.table.rsplit("_", 1)[1], cell.row["period"])
    how = _OF_ACCOUNT.get(cell.column, _ALL_LINES)
    where, values = f"uscc = ? and {how.where} and {where}", [cell.row["uscc"], *values]
    cell.lines = _briefs(live, where, values, top)
    _compare(live, cell, cell.column in _OF_ACCOUNT, how.amount, f"{_LINES_SQL} where {where}", values)


def _explain_total_cell(live: _Live, cell: CellExplanation, top: int) -> None:
    where, values = _lines_of(cell.table.rsplit("_", 1)[1], cell.row["period"])
    how = TOTAL_MEASURES.get(cell.column, TOTAL_MEASURES["direct_tco2e"])
    source = f"{_LINES_SQL} as l left join ({_field_rows()}) as f on f.industry_division = {_DIVISION}"
    of_cell = f"(select l.* from {source} where {_code(live, cell.row['level'])} = ?)"
    relation = f"{of_cell} where {how.where} and {where}"
    values = [cell.row["code"], *values]
    cell.contributions = _contributions(live, how.amount, relation, values, top)
    cell.enterprises = live.rows(f"select count(distinct uscc) as n from {relation}", values)[0]["n"]
    _compare(live, cell, cell.column in TOTAL_MEASURES, how.amount, relation, values)


def _contributions(live: _Live, amount: str, relation: str, values: list[Any], top: int) -> list[Contribution]:
    """What each enterprise adds, the greatest first."""
    return [
        Contribution(**row) for row in live.rows(
            f"select uscc, sum({amount}) as amount, count(*) as lines, count(distinct batch_id) as batches"
            f" from {relation} group by uscc order by abs(sum({amount})) desc, uscc limit {top}", values)
    ]


def _field_rows() -> str:
    rows = [
        f"({', '.join(quoted(row[name]) for name in ('industry_division', 'section', 'field'))})"
        for row in read_rows(SEEDS / "field_of_division.csv")
    ]
    return f"select * from (values {', '.join(rows)}) as v(industry_division, section, field)"


def _code(live: _Live, level: str) -> str:
    own = _CODE_COLUMN.get(level)
    if own and own in live.tables[LINES].columns:
        return f"l.{own}"
    if level not in _CODE_AT:
        raise PublishError(f"未知层级 {level}", f"unknown level {level}")
    return _CODE_AT[level]


def _compare(live: _Live, cell: CellExplanation, is_sum: bool, amount: str, relation: str, values: list[Any]) -> None:
    if not is_sum:
        cell.note_zh = "该列不是排放行之和；下列为同一单元的直接排放行（或账户全部行）"
        cell.note_en = "this column is no sum of lines; listed are the cell's direct lines (all lines of an account)"
        return
    found = live.rows(f"select coalesce(sum({amount}), 0) as amount from {relation}", values)
    cell.amount_of_lines = found[0]["amount"]
    cell.difference = Decimal(str(cell.value or 0)) - Decimal(str(cell.amount_of_lines))
    if cell.difference:
        cell.note_zh = "所列排放行之和与公布值不同，差额见 difference"
        cell.note_en = "the lines found do not add up to the published figure; the rest is `difference`"


# Causes of the bridge that are sums of lines (turned round, but for the opening row) where they stand at enterprises.
_BRIDGE_LINES = {
    "accounts_total": TOTAL_MEASURES["direct_tco2e"].where,
    "gas_scope": f"{TOTAL_MEASURES['direct_tco2e'].where} and gas <> 'CO2'",
    "product_carbon": "emission_source in ('product_deduction', 'co2_recovered') and gas = 'CO2'",
    "transformation_feedstock": "emission_source = 'process' and gas = 'CO2' and {feedstock}",
    "process_outside": "emission_source = 'process' and gas = 'CO2' and not {feedstock}",
}


def _explain_bridge(live: _Live, cell: CellExplanation, top: int) -> None:
    """How the cause is computed, the enterprises behind its located part, and the top-down parts that make or share it out."""
    row = cell.row
    cell.note_zh, cell.note_en = f"{row['how_zh']}（{row['basis']}）", f"{row['how_en']} ({row['basis']})"
    if row["cause"] in _BRIDGE_LINES and row["level"] != "unallocated":
        items = ", ".join(quoted(item["param_code"]) for item in read_rows(SEEDS / "reconciliation_item.csv"))
        where = _BRIDGE_LINES[row["cause"]].format(feedstock=f"item in ({items})")
        relation = f"{_LINES_SQL} as l where {where} and year(period) = ? and {_CODE_AT[row['level']]} = ?"
        values = [row["year"], row["division_code"]]
        cell.contributions = _contributions(live, "emission_common_tco2e", relation, values, top)
        cell.enterprises = live.rows(f"select count(distinct uscc) as n from {relation}", values)[0]["n"]
        found = live.rows(f"select coalesce(sum(emission_common_tco2e), 0) as amount from {relation}", values)[0]["amount"]
        cell.amount_of_lines = found if row["cause"] == "accounts_total" else -found
        cell.difference = Decimal(str(row["located_tco2e"])) - Decimal(str(cell.amount_of_lines))
    cell.parts = live.rows(
        "select division_code, part, key_code, share, tco2e, allocated_from_tco2e from live.marts.fct_reconciliation_allocation_year"
        " where year = ? and cause = ? and ? in (division_code, left(division_code, 2) || '0000')"
        " order by part, division_code", [row["year"], row["cause"], row["division_code"]])
    if row["cause"] in ("top_down_total", "non_industrial", "process_outside"):
        cell.parts += live.rows(
            "select sector, fuel, activity_quantity, activity_unit, emission_tco2 from live.marts.fct_inventory_year where division_code = ?"
            f" and year = ? and factor_set = ? order by abs(emission_tco2) desc nulls last, sector, fuel limit {top}",
            [row["division_code"], row["year"], row["factor_set"]])


def _explain_other(live: _Live, cell: CellExplanation, top: int) -> None:
    _add_source(live, cell)
    if cell.table == "marts.fct_inventory_year":
        row = cell.row
        cell.sources = balance_rows(live.settings, row["division_code"], row["year"], row["fuel"], live.known_by)[:top]
        cell.note_zh = "清单按能源平衡表的活动量乘因子计算；下列为平衡表中该品种的行"
        cell.note_en = "inventory = activity of the energy balance x factor; listed are the balance's rows of this fuel"
    elif cell.batch is None:
        cell.note_zh, cell.note_en = "该表不由排放行汇总；给出整行", "this table is not made of lines; its whole row is given"
