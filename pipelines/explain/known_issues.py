"""Known issues that touch an explained figure (`marts.fct_known_issue`): of its level, code and measure, over the period or a part of it."""

from __future__ import annotations

from typing import Any

from pipelines.explain.released import Released

ISSUES = "marts.fct_known_issue"
_FIGURES = {
    "marts.fct_total_month": ("total", "month"), "marts.fct_total_year": ("total", "year"),
    "marts.fct_enterprise_account_month": ("account", "month"), "marts.fct_enterprise_account_year": ("account", "year"),
    "marts.fct_inventory_year": ("inventory", "year"),
}


def touching(live: Released, table: str, row: dict[str, Any], column: str | None = None) -> list[dict[str, Any]]:
    """The issues of a cell, the open ones first; of every measure of the row where no column is given.

    A year is touched by what touches one of its months, a month by what touches its whole year.
    """
    if table not in _FIGURES or ISSUES not in live.tables:   # releases of before the register of issues have none
        return []
    figure, kind = _FIGURES[table]
    level, codes = _place(figure, row)
    year = row["year"] if figure == "inventory" else row["period"].year
    marks = ", ".join("?" * len(codes))
    values: list[Any] = [level, *codes, year, *([column] if column else []), *([] if kind == "year" else [row["period"]])]
    return live.rows(
        "select issue_id, is_open, opened_on, closed_on, period, period_kind, measure, tonnes_tco2e, text_zh, text_en, owner, batch_id, row_no, is_synthetic"
        f" from live.{ISSUES} where level = ? and code in ({marks}) and year(period) = ?"
        + (" and measure = ?" if column else "") + ("" if kind == "year" else " and (period_kind = 'year' or period = ?)")
        + " order by is_open desc, opened_on, issue_id, code, period, period_kind, measure", values)


def _place(figure: str, row: dict[str, Any]) -> tuple[str, list[str]]:
    """The level, and the codes under which an issue of the row may stand."""
    if figure == "inventory":
        return "inventory", [row["division_code"], f"{row['division_code']}:{row['sector']}"]
    return (row["level"], [row["code"]]) if figure == "total" else ("enterprise", [row["uscc"]])


def issue_lines(issues: list[dict[str, Any]]) -> list[str]:
    """The issues as lines of text."""
    lines = []
    for issue in issues:
        state = "未关闭 | open" if issue["is_open"] else f"{issue['closed_on']} 关闭 | settled"
        amount = "未知 | unknown" if issue["tonnes_tco2e"] is None else f"{issue['tonnes_tco2e']:+,.3f}"
        period = f"{issue['period']:%Y-%m}" if issue["period_kind"] == "month" else f"{issue['period']:%Y}"
        mark = " [演示数据 | synthetic]" if issue["is_synthetic"] else ""
        lines += [
            f"已知问题 | Known issue {issue['issue_id']}（{state}）{mark} {period} {issue['measure']}：偏高 | too high by {amount} tCO2e",
            f"  {issue['text_zh']} | {issue['text_en']}",
            f"  {issue['opened_on']}，责任 | owner: {issue['owner']}  {issue['batch_id']}:{issue['row_no']}",
        ]
    return lines
