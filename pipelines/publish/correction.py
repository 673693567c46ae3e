"""The correction sheet that goes to the enterprise. Filled in, it is a delivery of `steward_decision`: nothing is written into the data from here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from difflib import get_close_matches
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from pipelines.contracts.codes import load_code_lists
from pipelines.contracts.source import Column, Source, load_sources
from pipelines.contracts.text import file_name, safe_text

Row = dict[str, Any]
MOST_LINES = 5000   # of a sheet among the pages; `carbon steward template` writes them all

WHOLE_ROW = "整行"   # where a check names no column; in a decision it says as much as a blank
_WHOLE_FILE = "整个文件"
_FEW = 15              # so many allowed names are all written, of more the nearest
_NEAREST = 6
_RIVALS = "K03-duplicate-key"   # the check whose rows contradict each other
_CHECKED = "核对"
_ASKED = ("更正值", "理由", "决定人", "决定日期")
_TITLES = (
    "更正表 | Correction sheet：{file}（{batch}）",
    "请填黄色各列（日期如 2026-07-01），不更正的行留空即可，“核对”一列应无提示；用 carbon steward submit 核对并提交，或放入收件箱 steward_decision/ | fill in the yellow columns, leave lines that stay empty, the last column must say nothing; check and deliver it with carbon steward submit, or put it into steward_decision/",
)
_REFUSED_TITLES = (
    "退回说明 | Why the file was refused：{file}（{batch}）",
    "请按“怎么改”修改原文件，然后重新提交原文件；本表不用交回 | mend the file as the column says and deliver the file again; this sheet is not to be sent back",
)
_REFUSED_HEADER = ("检查编号", "字段", "填报值", "问题", "怎么改", "Problem", "What to do")

# the name of every enterprise that a release knows, as a relation
ENTERPRISE_NAMES = "(select uscc, max(enterprise_name) as enterprise_name from quality.coverage_month group by uscc)"

# rows that a check holds back, with `every` those of findings that only tell and are open; by batch
ROWS = f"""
    select f.batch_id, b.source, b.file_name, f.row_no, f.uscc, n.enterprise_name, f.period, f.check_id, f.column_name, f.reported_value, f.message_zh, f.advice_zh
    from quality.failed_row f
    inner join quality.batch b on b.batch_id = f.batch_id
    left join {ENTERPRISE_NAMES} n on n.uscc = f.uscc
    left join quality.worklist_row w on w.batch_id = f.batch_id and w.row_no = f.row_no and w.check_id = f.check_id and w.state = 'open'
    where f.row_no > 0 and f.check_id not like 'S0%' and f.check_id not like 'L%'
        and (f.severity = 'warning' or (? and w.item_id is not null and f.column_name is not null))
        and f.batch_id = coalesce(?, f.batch_id) and f.uscc is not distinct from coalesce(?, f.uscc)
    order by f.batch_id, f.row_no, f.check_id
"""

# why files were refused; by batch
REFUSALS = """
    select f.batch_id, b.file_name, f.check_id, f.column_name, f.reported_value, f.message_zh, f.message_en, f.advice_zh, f.advice_en
    from quality.failed_row f
    inner join quality.batch b on b.batch_id = f.batch_id
    where b.outcome = 'refused' and f.severity = 'critical' and f.batch_id = coalesce(?, f.batch_id)
    order by f.batch_id, f.row_no, f.check_id, f.column_name
"""


def write_sheets(db: Any, folder: Path, knowledge_date: date) -> list[str]:
    """Write the sheet of every delivery that has rows to correct or was refused; the names of the files, in order. db: where `quality.` is that of a release."""
    sheets = {batch_id: ("rows", rows[:MOST_LINES]) for batch_id, rows in _by_batch(db, ROWS, [False, None, None])}
    sheets |= {batch_id: ("refusal", rows[:MOST_LINES]) for batch_id, rows in _by_batch(db, REFUSALS, [None])}
    for batch_id, (kind, rows) in sheets.items():
        out, delivered = folder / f"{file_name(batch_id)}.xlsx", rows[0]["file_name"]
        if kind == "refusal":
            write_refusal(out, batch_id, delivered, rows, knowledge_date)
        else:
            write_sheet(out, batch_id, delivered, lines_of(rows), knowledge_date)
    return sorted(f"{file_name(batch_id)}.xlsx" for batch_id in sheets)


def _by_batch(db: Any, sql: str, parameters: list[Any]) -> list[tuple[str, list[Row]]]:
    found = db.execute(sql, parameters)
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, values, strict=True)) for values in found.fetchall()]
    return [(batch_id, list(of_batch)) for batch_id, of_batch in groupby(rows, lambda row: row["batch_id"])]


def lines_of(rows: Iterable[Row]) -> list[dict[str, str]]:
    """One line of a sheet for each column that a row's check names. rows: those of one delivery, in the order of the file."""
    rows = list(rows)
    rivals = _rivals(rows)
    return [line for row in rows for line in _lines(row, load_sources().get(row["source"]), rivals.get(_rival_key(row), {}))]


def _rival_key(row: Row) -> tuple[str, str]:
    return row["check_id"], row["message_zh"]


def _rivals(rows: list[Row]) -> dict[tuple[str, str], dict[int, dict[str, str]]]:
    """Rows of one key that say different things, by their sentence (it names the first of them): row -> column -> what was reported."""
    found: dict[tuple[str, str], dict[int, dict[str, str]]] = {}
    for row in rows:
        if row["check_id"] == _RIVALS and row["column_name"]:
            found.setdefault(_rival_key(row), {})[row["row_no"]] = dict(_reported(row))
    return found


def _reported(row: Row) -> list[tuple[str, str]]:
    """The columns that a check names, each with what was reported in it."""
    names = (row["column_name"] or "").split(";")
    values = (row["reported_value"] or "").split(";")
    return [(name, values[i] if len(values) == len(names) else row["reported_value"] or "") for i, name in enumerate(names)]


def _lines(row: Row, source: Source | None, rivals: dict[int, dict[str, str]]) -> list[dict[str, str]]:
    known = {column.name: column for column in source.columns} if source else {}
    period = row["period"].strftime("%Y-%m") if row["period"] else ""
    lines = []
    for name, value in _reported(row):
        others = [f"第 {number} 行填报“{said.get(name) or '（空）'}”" for number, said in rivals.items() if number != row["row_no"]]
        told = "、".join([*others[:_FEW], *([f"……共 {len(others)} 行"] if len(others) > _FEW else [])])
        lines.append({
            "源文件行号": str(row["row_no"]), "检查编号": row["check_id"], "字段": (known[name].zh if name in known else name) or WHOLE_ROW,
            "企业代码": row["uscc"] or "", "企业名称": row["enterprise_name"] or "", "报告期": period, "填报值": value or ("（空）" if name else "（见“问题”）"),
            "问题": f"{row['message_zh']}；{told}" if told else row["message_zh"], "怎么改": row["advice_zh"] or "",
            "可填": allowed_names(known[name], value) if name in known else "", "决定": "更正",
        })
    return lines


def allowed_names(column: Column, value: str) -> str:
    """What a code column takes: all names of a short list, of a long one those nearest to what was reported; empty for any other column."""
    return "" if column.codes is None else _names_near(column.codes, value)


@cache
def _names_near(codes: str, value: str) -> str:
    found = load_code_lists()[codes]
    spellings = {spelling: code for spelling, code in found.spellings.items() if spelling not in found.fixes}
    named = {code: code for code in spellings.values() if not code.isascii()}
    for spelling, code in spellings.items():
        if code not in named or (named[code].isascii() and not spelling.isascii()):
            named[code] = spelling
    if len(named) <= _FEW:
        return "、".join(named.values())
    close = get_close_matches(value, spellings, _NEAREST, 0.3)
    return "、".join([*close, f"……共 {len(named)} 个，见数据字典 | {len(named)} in all: see the data dictionary"])


def write_sheet(out: Path, batch_id: str, delivered: str, lines: list[dict[str, str]], made_on: date) -> None:
    """Write a sheet; the same lines and day give the same bytes."""
    decision = load_sources()["steward_decision"]
    # columns of a decision, and beside them what the enterprise needs to see
    told = [name for name in decision.told if name != _CHECKED]
    first = ["源文件行号", *told[:3], "字段", *told[3:], *_ASKED, _CHECKED]
    rest = [column.zh for column in decision.columns if column.zh not in first]
    out.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"created": datetime.combine(made_on, time())})
        sheet = book.add_worksheet("更正表")
        bold, asked = book.add_format({"bold": True}), book.add_format({"bold": True, "bg_color": "#FFF2CC"})
        warned = book.add_format({"font_color": "#B00020", "bold": True})
        for number, title in enumerate(_TITLES):
            sheet.write_string(number, 0, title.format(file=delivered, batch=batch_id), bold)
        for place, name in enumerate([*first, *rest]):
            sheet.write_string(len(_TITLES), place, name, asked if name in _ASKED else bold)
        for number, line in enumerate(lines, 1):
            filled = {**line, "批次编号": batch_id, "决定编号": f"{batch_id}-{line['源文件行号']}-{line['检查编号']}-{line['字段']}".rstrip("-")}
            for place, name in enumerate([*first, *rest]):
                if filled.get(name):
                    sheet.write_string(len(_TITLES) + number, place, safe_text(filled[name]))
            row = len(_TITLES) + number
            sheet.write_formula(row, first.index(_CHECKED), _check_of(row, first), warned, "")
        sheet.freeze_panes(len(_TITLES) + 1, 1)
        sheet.autofit()


def _check_of(row: int, columns: list[str]) -> str:
    """A formula that says on the spot what a line lacks: one that answers anything answers all, but a blank line asks nothing."""
    cells = {name: xl_rowcol_to_cell(row, columns.index(name)) for name in _ASKED}
    lacking = "&".join(f'IF({cell}="","缺{name} ","")' for name, cell in cells.items())
    return f'=IF(AND({",".join(f"{cell}=" + chr(34) * 2 for cell in cells.values())}),"",{lacking})'


def write_refusal(out: Path, batch_id: str, delivered: str, rows: list[Row], made_on: date) -> None:
    """Write why a file was refused and what to change in it; the same rows and day give the same bytes."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"created": datetime.combine(made_on, time())})
        sheet = book.add_worksheet("退回说明")
        bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
        for number, title in enumerate(_REFUSED_TITLES):
            sheet.write_string(number, 0, title.format(file=delivered, batch=batch_id), bold)
        sheet.write_row(len(_REFUSED_TITLES), 0, _REFUSED_HEADER, bold)
        for number, row in enumerate(rows, len(_REFUSED_TITLES) + 1):
            told = (row["check_id"], row["column_name"] or _WHOLE_FILE, row["reported_value"] or delivered, row["message_zh"], row["advice_zh"], row["message_en"], row["advice_en"])
            for place, text in enumerate(told):
                sheet.write_string(number, place, safe_text(text or ""), wrapped)
        sheet.set_column(0, 2, 24)
        sheet.set_column(3, len(_REFUSED_HEADER) - 1, 56)
        sheet.freeze_panes(len(_REFUSED_TITLES) + 1, 1)
