"""Figures that lines add up to, and the others.

    explain_account  an enterprise's account of a month or year, with its lines
    explain_cell     any cell: of the lines, an account, a total (by enterprise, the greatest first), the bridge,
                     the inventory, or another table (its row, and the delivery it comes from)
Amounts are tCO2e unless their name says otherwise.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from pipelines.explain.addressed import one_row, require_columns, table_named
from pipelines.explain.evidence import balance_rows
from pipelines.explain.explanation import AccountExplanation, CellExplanation, Contribution
from pipelines.explain.figures import DECIDED, LINES
from pipelines.explain.known_issues import touching
from pipelines.explain.lines import LINES_SQL, briefs, delivered
from pipelines.explain.released import Released, open_live
from pipelines.explain.tree import DEPTH, TOP, grow, lines_behind
from pipelines.near import near
from pipelines.problem import Problem
from pipelines.publish.identities import ACCOUNT_MEASURES, LINE_CODE_COLUMNS, LINE_CODES, TOTAL_MEASURES, AccountMeasure
from pipelines.settings import Settings

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


def explain_account(settings: Settings, uscc: str, period: str) -> AccountExplanation:
    """The account of an enterprise for `YYYY-MM` or `YYYY`, with its lines, the greatest first. Raises Problem."""
    grain, day = parse_period(period)
    with open_live(settings) as live:
        table = f"live.{_ACCOUNT}{grain}"
        found = live.rows(f"select * from {table} where uscc = ? and period = ?", [uscc, day])
        if not found:
            zh, en = near(uscc, [row["uscc"] for row in live.rows(f"select distinct uscc from {table}")])
            raise Problem(f"没有 {uscc} 在 {period} 的账户{zh}", f"there is no account of {uscc} for {period}{en}")
        where, values = _lines_of(grain, day)
        lines = briefs(live, f"uscc = ? and {where}", [uscc, *values])
        return AccountExplanation(live.release_id, uscc, period, found[0], lines, touching(live, f"{_ACCOUNT}{grain}", found[0]))


def parse_period(text: str) -> tuple[str, date]:
    """`YYYY-MM`, `YYYY` or a first day in ISO form -> (grain, first day). Raises Problem."""
    try:
        if len(text) == 4:
            return "year", date(int(text), 1, 1)
        return "month", date.fromisoformat(text if len(text) > 7 else f"{text}-01")
    except ValueError as error:
        raise Problem(f"报告期应为 YYYY-MM 或 YYYY：{text}", f"a period is YYYY-MM or YYYY, not {text}") from error


def _lines_of(grain: str, day: date) -> tuple[str, list[Any]]:
    """The lines of a period. The ledger holds a fact once: its months, or the year where that is what counts."""
    if grain == "month":
        return "period_grain = 'month' and period = ?", [day]
    return "year(period) = ?", [day.year]


# --- cells -----------------------------------------------------------------------------------------------------------


def explain_cell(settings: Settings, table: str, column: str, key: dict[str, str], top: int = 20, depth: int = DEPTH) -> CellExplanation:
    """One cell of a published table, found by a key that names one row. `marts.` may be left out.

    top: how many enterprises or lines are listed; depth: how far down its tree is drawn. Raises Problem when table, column or row is not there.
    """
    with open_live(settings) as live:
        cell, row_id = _cell(live, table, column, key)
        cell.tree = grow(live, cell.table, column, row_id, depth, min(top, TOP))
        cell.difference = cell.tree.difference
        if cell.table == LINES:
            cell.lines = briefs(live, "line_id = ?", [cell.row["line_id"]])
            _add_source(live, cell)
        elif cell.table.startswith(_ACCOUNT):
            _explain_account_cell(live, cell, top)
        elif cell.table.startswith(_TOTAL):
            _explain_total_cell(live, cell, top)
        elif cell.table == _BRIDGE:
            _explain_bridge(live, cell, row_id, top)
        else:
            _explain_other(live, cell, top)
        cell.issues = touching(live, cell.table, cell.row, cell.column)
        return cell


def _cell(live: Released, name: str, column: str, key: dict[str, str]) -> tuple[CellExplanation, int]:
    """The cell with its row, and the row's id."""
    table = table_named(live, name)
    require_columns(table, [column, *key])
    found = one_row(live, table, {part: _typed(table.columns[part].type, value) for part, value in key.items()})
    comment = table.columns[column].comment
    row_id = found.pop("_id")
    return CellExplanation(live.release_id, table.name, column, key, found[column], comment, found), row_id


def _typed(kind: str, value: str) -> str:
    """A key's value as DuckDB writes it: periods may be given as YYYY-MM or YYYY."""
    if kind == "DATE" and len(str(value)) in (4, 7):
        return parse_period(str(value))[1].isoformat()
    return str(value).lower() if kind == "BOOLEAN" else str(value)


def _add_source(live: Released, cell: CellExplanation) -> None:
    cell.batch = live.batch(cell.row.get("batch_id"))
    if cell.batch and cell.row.get("row_no") is not None:
        source = cell.batch.details.get("source")
        cell.sources = [delivered(live, source, cell.batch.batch_id, cell.row["row_no"])]


def _explain_account_cell(live: Released, cell: CellExplanation, top: int) -> None:
    where, values = _lines_of(cell.table.rsplit("_", 1)[1], cell.row["period"])
    how = _OF_ACCOUNT.get(cell.column, _ALL_LINES)
    where, values = f"uscc = ? and {how.where} and {where}", [cell.row["uscc"], *values]
    cell.lines = briefs(live, where, values, top)
    _compare(live, cell, cell.column in _OF_ACCOUNT, how.amount, f"{LINES_SQL} where {where}", values)


def _explain_total_cell(live: Released, cell: CellExplanation, top: int) -> None:
    where, values = _lines_of(cell.table.rsplit("_", 1)[1], cell.row["period"])
    how = TOTAL_MEASURES.get(cell.column, TOTAL_MEASURES["direct_tco2e"])
    relation = f"{LINES_SQL} where {code_at(live, cell.row['level'])} = ? and {how.where} and {where}"
    values = [cell.row["code"], *values]
    cell.contributions = _contributions(live, how.amount, relation, values, top)
    cell.enterprises = live.rows(f"select count(distinct uscc) as n from {relation}", values)[0]["n"]
    _compare(live, cell, cell.column in TOTAL_MEASURES, how.amount, relation, values)


def code_at(live: Released, level: str) -> str:
    """The SQL of a line's code at a level. Raises Problem for a level that is unknown, and for a release of before lines carried the code."""
    if level not in LINE_CODES:
        zh, en = near(level, LINE_CODES)
        raise Problem(f"未知层级 {level}{zh}", f"unknown level {level}{en}")
    if not set(LINE_CODE_COLUMNS) <= live.tables[LINES].columns.keys():
        raise Problem(f"版本 {live.release_id} 的排放行还没有 {'、'.join(LINE_CODE_COLUMNS)} 各列，不能按层级取行；请以其后的版本说明",
                      f"the lines of release {live.release_id} do not carry {', '.join(LINE_CODE_COLUMNS)} yet, so none can be picked by level: explain a later release")
    return LINE_CODES[level]


def _contributions(live: Released, amount: str, relation: str, values: list[Any], top: int) -> list[Contribution]:
    """What each enterprise adds, the greatest first."""
    return [
        Contribution(**row) for row in live.rows(
            f"select uscc, sum({amount}) as amount, count(*) as lines, count(distinct batch_id) as batches"
            f" from {relation} group by uscc order by abs(sum({amount})) desc, uscc limit {top}", values)
    ]


def _compare(live: Released, cell: CellExplanation, is_sum: bool, amount: str, relation: str, values: list[Any]) -> None:
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


def _explain_bridge(live: Released, cell: CellExplanation, row_id: int, top: int) -> None:
    """How the cause is computed, the enterprises behind its located part, and the top-down parts that make or share it out."""
    row = cell.row
    cell.note_zh, cell.note_en = f"{row['how_zh']}（{row['basis']}）", f"{row['how_en']} ({row['basis']})"
    found = lines_behind(live, cell.table, "located_tco2e", row_id)
    if found is not None:
        relation, amount = found
        cell.contributions = _contributions(live, amount, relation, [], top)
        cell.enterprises = live.rows(f"select count(distinct uscc) as n from {relation}")[0]["n"]
        total = live.rows(f"select coalesce(sum({amount}), 0) as amount from {relation}")[0]["amount"]
        cell.amount_of_lines = total if row["cause"] == "accounts_total" else -total
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


def _explain_other(live: Released, cell: CellExplanation, top: int) -> None:
    _add_source(live, cell)
    if cell.table == "marts.fct_inventory_year":
        row = cell.row
        cell.sources = balance_rows(live.settings, row["division_code"], row["year"], row["fuel"], live.known_by)[:top]
    elif cell.batch is None and cell.tree is not None and cell.tree.kind == DECIDED:
        cell.note_zh, cell.note_en = "该格不是计算的数字；整行如上", "this cell is no figure; its whole row stands above"
