"""The files of one table: CSV (UTF-8 with BOM, which Excel asks for) and a workbook with a sheet of notes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import xlsxwriter

from pipelines.publish.downloads.about import About, Sheet
from pipelines.publish.downloads.cells import csv_row, plain_columns, sheet_row
from pipelines.warehouse.duck import identifier

BOM = "\ufeff"
_CHUNK = 20_000
_EARLIEST = (1980, 1, 1, 0, 0, 0)   # what a zip can say at the earliest: no file tells when it was packed
_WIDEST = 60


@dataclass(frozen=True)
class Rows:
    """The rows of a sheet, laid out once for all its files."""

    relation: str
    plain: frozenset[str]


@contextmanager
def laid_out(db: Any, sheet: Sheet) -> Iterator[Rows]:
    """The rows in the order of the key, in a temporary table."""
    order = ", ".join(identifier(column) for column in sheet.key) or "all"
    db.execute(f"create or replace temp table laid_out as select * from {sheet.relation} order by {order}")
    try:
        yield Rows("laid_out", plain_columns(db, "laid_out", sheet.fields))
    finally:
        db.execute("drop table laid_out")


def write_csv(db: Any, sheet: Sheet, rows: Rows, path: Path) -> None:
    """One table as CSV, rows in the order of its key."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        handle.write(BOM + ",".join(field.name for field in sheet.fields) + "\r\n")
        for lines in _texts(db, rows, csv_row(sheet.fields, rows.plain)):
            handle.write("\r\n".join([*lines, ""]))


def write_workbook(db: Any, sheet: Sheet, rows: Rows, about: About, path: Path) -> None:
    """One table as a workbook: the rows, and notes that say what it is, of which release, and what each column means in which unit.

    The frame of the workbook is xlsxwriter's; its rows are put in by the database.
    """
    frame, day, moment = _frame(sheet, about)
    with ZipFile(frame) as source, ZipFile(path, "w", ZIP_DEFLATED, compresslevel=1) as target:
        for name in source.namelist():
            if name != "xl/worksheets/sheet1.xml":
                target.writestr(_entry(name), source.read(name), ZIP_DEFLATED, 1)
                continue
            head, tail = source.read(name).decode().split("</sheetData>")
            head = re.sub(r'(<dimension ref="A1:[A-Z]+)1"', rf'\g<1>{sheet.rows + 1}"', head)
            with target.open(_entry(name), "w") as handle:
                handle.write(head.encode())
                for lines in _texts(db, rows, sheet_row(sheet.fields, rows.plain, day, moment)):
                    handle.write("".join(lines).encode())
                handle.write(f"</sheetData>{tail}".encode())


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, _EARLIEST)
    entry.compress_type = ZIP_DEFLATED
    return entry


def _texts(db: Any, rows: Rows, row: str) -> Iterator[list[str]]:
    """Rows as text, some thousands at a time."""
    cursor = db.execute(f"select {row} from {rows.relation}")
    while found := cursor.fetchmany(_CHUNK):
        yield [line for (line,) in found]


def _frame(sheet: Sheet, about: About) -> tuple[io.BytesIO, int, int]:
    """A workbook with headers and notes, and the styles of a day and of a moment in it."""
    buffer = io.BytesIO()
    workbook = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    workbook.set_properties({"title": f"{sheet.name} {about.release_id}", "comments": " | ".join(about.mark), "created": about.moment})
    bold, day, moment = workbook.add_format({"bold": True}), workbook.add_format({"num_format": "yyyy-mm-dd"}), workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    data, notes = workbook.add_worksheet("演示数据" if about.is_synthetic else "数据"), workbook.add_worksheet("说明")
    data.freeze_panes(1, 0)
    for place, field in enumerate(sheet.fields):
        data.write_string(0, place, field.name, bold)
        data.set_column(place, place, min(max(len(field.name), 10), 28))
    _write_notes(notes, sheet, about, bold, day, moment)
    workbook.close()
    with ZipFile(buffer) as packed:
        sample = packed.read("xl/worksheets/sheet2.xml").decode()
    return buffer, *(int(re.search(rf'r="{cell}" s="(\d+)"', sample)[1]) for cell in ("B6", "B7"))   # type: ignore[index,return-value]


def _write_notes(notes: Any, sheet: Sheet, about: About, bold: Any, day: Any, moment: Any) -> None:
    lines = [
        ("表 | table", sheet.name), ("是什么", sheet.zh), ("what", sheet.en), ("粒度 | grain", ", ".join(sheet.key)), ("版本 | release", about.release_id),
        ("知识截止日 | knowledge date", about.moment), ("截止时刻 | known up to", about.moment.replace(hour=23, minute=59)), ("数据性质 | nature", " | ".join(about.mark)),
        ("行数 | rows", sheet.rows), ("GWP", f"合计用 {about.common_gwp_set}，账户用核算方法规定的 GWP 集 | totals in {about.common_gwp_set}, accounts in the set of their method"),
        ("文字 | texts", "以 = + - @ 开头的文字前加 ' | a text that begins with = + - @ has a ' before it"),
    ]
    for row, (label, value) in enumerate(lines):
        notes.write_string(row, 0, label, bold)
        if row in (5, 6):
            notes.write_datetime(row, 1, value, day if row == 5 else moment)
        elif isinstance(value, int):
            notes.write_number(row, 1, value)
        else:
            notes.write_string(row, 1, value)
    top = len(lines) + 1
    for place, title in enumerate(("列 | column", "含义", "meaning", "单位 | unit", "类型 | type")):
        notes.write_string(top, place, title, bold)
    for row, field in enumerate(sheet.fields, start=top + 1):
        for place, text in enumerate((field.name, field.zh, field.en, field.unit or "", field.type.lower())):
            notes.write_string(row, place, text)
    for place, width in enumerate((30, _WIDEST, _WIDEST, 16, 16)):
        notes.set_column(place, place, width)
