"""One emission line: activity x factor x GWP, the factor's document, the delivered row; and the lines that others are made of."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pipelines.explain.evidence import Factor, SourceRow, factors, gwp, source_row
from pipelines.explain.explanation import LineBrief, LineExplanation
from pipelines.explain.figures import LINES
from pipelines.explain.released import Released, open_live
from pipelines.problem import Problem
from pipelines.settings import Settings

LINES_SQL = f"live.{LINES}"


def explain_line(settings: Settings, line_id: str) -> LineExplanation:
    """One line of the live release. Raises Problem when there is none of that id."""
    with open_live(settings) as live:
        found = live.rows(f"select * from {LINES_SQL} where line_id = ?", [line_id])
        if not found:
            raise Problem(f"没有排放行 {line_id}", f"there is no line {line_id}")
        return _line(live, found[0])


def _line(live: Released, line: dict[str, Any]) -> LineExplanation:
    batch = live.batch(line["batch_id"])
    row = None
    if line["batch_id"] and line["row_no"] is not None:
        source = line.get("source") or (batch.details.get("source") if batch else None)
        row = delivered(live, source, line["batch_id"], line["row_no"])
    gas_factor = gwp(live.factors, line["gwp_set"], line["gas"])
    zh, en = formula(line, gas_factor)
    return LineExplanation(live.release_id, line, zh, en, formula_holds(line),
                           factors(live.factors, line["factor_id"]), gas_factor, batch, row)


def delivered(live: Released, source: str | None, batch_id: str, row_no: int) -> SourceRow:
    """The delivered row with the rules that judged it, what they said, and the decisions: the figure rests on the value used, the file has the reported one."""
    if (batch_id, row_no) in live.shown_rows:
        return live.shown_rows[(batch_id, row_no)]
    decisions = live.rows(
        "select decision_id, decision, column_name, reported_value, used_value, state_zh, state_en, decided_by, second_by, decided_on"
        " from live.quality.decision where batch_id = ? and row_no = ? order by decided_on, decision_id, column_name", [batch_id, row_no])
    findings = live.rows("select check_id, severity, column_name, reported_value, message_zh, message_en from live.quality.failed_row"
                         " where batch_id = ? and row_no = ? order by check_id", [batch_id, row_no])
    checks = live.rows("select check_id from live.quality.check_result where batch_id = ? order by check_id", [batch_id])
    row = source_row(live.settings, source, batch_id, row_no, live.known_by)
    checked = tuple(check["check_id"] for check in checks)
    live.shown_rows[(batch_id, row_no)] = replace(row, decisions=tuple(decisions), findings=tuple(findings), checks=checked)
    return live.shown_rows[(batch_id, row_no)]


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


def briefs(live: Released, where: str, values: list[Any], limit: int | None = None) -> list[LineBrief]:
    sql = (f"select l.*, b.file_name as _file_name from {LINES_SQL} as l"
           " left join live.quality.batch as b on l.batch_id = b.batch_id"
           f" where l.line_id in (select line_id from {LINES_SQL} where {where})"
           " order by abs(l.emission_tco2e) desc, l.line_id" + (f" limit {limit}" if limit else ""))
    found = []
    for line in live.rows(sql, values):
        file_name = line.pop("_file_name")
        found.append(LineBrief(line, *formula(line), file_name, line["row_no"]))
    return found
