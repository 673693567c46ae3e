"""The correction sheet that goes to the enterprise. Filled in, it is a delivery of `steward_decision`: nothing is written into the data from here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from itertools import groupby
from pathlib import Path
from typing import Any

import xlsxwriter

from pipelines.contracts.source import Source, load_sources
from pipelines.contracts.text import file_name, safe_text

Row = dict[str, Any]
MOST_LINES = 5000   # of a sheet among the pages; `carbon steward template` writes them all

_ASKED = ("更正值", "理由", "决定人", "决定日期")
_TITLES = (
    "更正表 | Correction sheet：{file}（{batch}）",
    "请填黄色各列（日期如 2026-07-01），不更正的行留空即可，放入收件箱 steward_decision/ | fill in the yellow columns, leave lines that stay empty, deliver to steward_decision/",
)

# rows that a check holds back, with `every` those of findings that only tell and are open; by batch
ROWS = """
    select f.batch_id, b.source, b.file_name, f.row_no, f.uscc, n.enterprise_name, f.period, f.check_id, f.column_name, f.reported_value, f.message_zh, f.advice_zh
    from quality.failed_row f
    inner join quality.batch b on b.batch_id = f.batch_id
    left join (select uscc, max(enterprise_name) as enterprise_name from quality.coverage_month group by uscc) n on n.uscc = f.uscc
    left join quality.worklist_row w on w.batch_id = f.batch_id and w.row_no = f.row_no and w.check_id = f.check_id and w.state = 'open'
    where f.row_no > 0 and f.check_id not like 'S0%' and f.check_id not like 'L%'
        and (f.severity = 'warning' or (? and w.item_id is not null and f.column_name is not null))
        and f.batch_id = coalesce(?, f.batch_id) and f.uscc is not distinct from coalesce(?, f.uscc)
    order by f.batch_id, f.row_no, f.check_id
"""


def write_sheets(db: Any, folder: Path, knowledge_date: date) -> list[str]:
    """Write the sheet of every delivery that has rows to correct; the names of the files, in order. db: where `quality.` is that of a release."""
    found = db.execute(ROWS, [False, None, None])
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, values, strict=True)) for values in found.fetchall()]
    written = []
    for batch_id, of_batch in groupby(rows, lambda row: row["batch_id"]):
        lines = list(of_batch)[:MOST_LINES]
        write_sheet(folder / f"{file_name(batch_id)}.xlsx", batch_id, lines[0]["file_name"], lines_of(lines), knowledge_date)
        written.append(f"{file_name(batch_id)}.xlsx")
    return written


def lines_of(rows: Iterable[Row]) -> list[dict[str, str]]:
    """One line of a sheet for each column that a row's check names."""
    return [line for row in rows for line in _lines(row, load_sources().get(row["source"]))]


def _lines(row: Row, source: Source | None) -> list[dict[str, str]]:
    names = (row["column_name"] or "").split(";")
    values = (row["reported_value"] or "").split(";")
    known = {column.name: column.zh for column in source.columns} if source else {}
    period = row["period"].strftime("%Y-%m") if row["period"] else ""
    return [
        {
            "源文件行号": str(row["row_no"]), "检查编号": row["check_id"], "字段": known.get(name, name),
            "企业代码": row["uscc"] or "", "企业名称": row["enterprise_name"] or "", "报告期": period, "填报值": values[i] if len(values) == len(names) else row["reported_value"] or "",
            "问题": row["message_zh"], "怎么改": row["advice_zh"] or "", "决定": "更正",
        }
        for i, name in enumerate(names)
    ]


def write_sheet(out: Path, batch_id: str, file_name: str, lines: list[dict[str, str]], made_on: date) -> None:
    """Write a sheet; the same lines and day give the same bytes."""
    decision = load_sources()["steward_decision"]
    # columns of a decision, and beside them what the enterprise needs to see
    first = ["源文件行号", *decision.told[:3], "字段", *decision.told[3:], *_ASKED]
    rest = [column.zh for column in decision.columns if column.zh not in first]
    out.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"created": datetime.combine(made_on, time())})
        sheet = book.add_worksheet("更正表")
        bold, asked = book.add_format({"bold": True}), book.add_format({"bold": True, "bg_color": "#FFF2CC"})
        for number, title in enumerate(_TITLES):
            sheet.write_string(number, 0, title.format(file=file_name, batch=batch_id), bold)
        for place, name in enumerate([*first, *rest]):
            sheet.write_string(len(_TITLES), place, name, asked if name in _ASKED else bold)
        for number, line in enumerate(lines, 1):
            filled = {**line, "批次编号": batch_id, "决定编号": f"{batch_id}-{line['源文件行号']}-{line['检查编号']}-{line['字段']}".rstrip("-")}
            for place, name in enumerate([*first, *rest]):
                if filled.get(name):
                    sheet.write_string(len(_TITLES) + number, place, safe_text(filled[name]))
        sheet.freeze_panes(len(_TITLES) + 1, 1)
        sheet.autofit()
