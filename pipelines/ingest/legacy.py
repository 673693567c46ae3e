"""A legacy workbook (.xls, BIFF in an OLE2 file): its cells as they are shown, merged ranges and what is hidden, read with xlrd.

calamine reads the values of such a file without their number formats: 0.95 that shows 95 % would be 0.95.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.ingest.number_format import number_format
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.workbook import MACROS
from pipelines.ingest.workbook_xml import DATES_1904, SheetFacts, as_raised

SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")   # of an OLE2 file: a legacy workbook, or an encrypted one of any format
# what a macro lies in
_VBA = ("_VBA_PROJECT", "_VBA_PROJECT_CUR", "VBA")
_SUPERSCRIPT = 1
_LARGEST = 64 << 20   # bytes; a full sheet of the format has 65 536 rows


def is_legacy(path: Path) -> bool:
    """Whether the bytes of a workbook are those of an OLE2 file, whatever its name."""
    with path.open("rb") as handle:
        return handle.read(len(SIGNATURE)) == SIGNATURE


def read_legacy(path: Path) -> Iterator[tuple[str, list[list[Any]], SheetFacts, bool]]:
    """The sheets of a legacy workbook, visible ones first: name, rows of values, facts, whether it is hidden. Raises Unreadable with the reason."""
    import xlrd

    if path.stat().st_size > _LARGEST:
        raise Unreadable("L11-size", f"旧版 .xls 超过 {_LARGEST >> 20} MB；请分文件或另存为 .xlsx 后提交", f"the .xls is larger than {_LARGEST >> 20} MB; split it, or save it as .xlsx")
    data = path.read_bytes()
    try:
        if any(entry.name in _VBA for entry in xlrd.compdoc.CompDoc(data, logfile=io.StringIO()).dirlist):
            raise MACROS
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, ragged_rows=True, logfile=io.StringIO())
        if book.datemode:
            raise DATES_1904
        for sheet in sorted(book.sheets(), key=lambda sheet: sheet.visibility != 0):
            yield sheet.name, *_sheet(book, sheet), sheet.visibility != 0
    except (Unreadable, MemoryError):
        raise
    except Exception as error:   # its parser raises whatever it trips over
        raise _broken(error) from error


def _sheet(book: Any, sheet: Any) -> tuple[list[list[Any]], SheetFacts]:
    facts = SheetFacts(last_row=sheet.nrows)
    facts.merged = [(first + 1, left, last, right - 1) for first, last, left, right in sheet.merged_cells]
    facts.hidden_rows = sorted(number + 1 for number, row in sheet.rowinfo_map.items() if row.hidden)
    rows = []
    for number in range(sheet.nrows):
        cells = sheet.row(number)
        facts.last_column = max(facts.last_column, len(cells) - 1)
        rows.append([_value(book, sheet, number, position, cell, facts) for position, cell in enumerate(cells)])
    facts.hidden_columns = sorted((position, position) for position, column in sheet.colinfo_map.items() if column.hidden and position <= facts.last_column)
    return rows, facts


def _value(book: Any, sheet: Any, number: int, position: int, cell: Any, facts: SheetFacts) -> Any:
    """The value of a cell; what is shown otherwise is put down in the facts."""
    import xlrd

    place = number + 1, position
    if cell.ctype == xlrd.XL_CELL_ERROR:
        facts.errors[place] = xlrd.error_text_from_code.get(cell.value, "#N/A")
    if cell.ctype == xlrd.XL_CELL_TEXT:
        if (runs := sheet.rich_text_runlist_map.get((number, position))) and (text := _raised(book, cell.value, runs)):
            facts.raised[place] = text
        return cell.value
    if cell.ctype not in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
        return bool(cell.value) if cell.ctype == xlrd.XL_CELL_BOOLEAN else ""
    format_of = book.format_map.get(book.xf_list[cell.xf_index].format_key) if cell.xf_index is not None else None
    if format_of is not None and (shown := number_format(format_of.format_str)) is not None:
        facts.formats[place] = shown
    return _day(cell.value) if cell.ctype == xlrd.XL_CELL_DATE else cell.value


def _day(value: float) -> float | dt.datetime:
    """A moment by its day number; what is no day of a calendar stays a number."""
    from xlrd.xldate import XLDateError, xldate_as_datetime

    try:
        return xldate_as_datetime(value, 0) if value >= 61 else value
    except (XLDateError, OverflowError, ValueError):
        return value


def _raised(book: Any, text: str, runs: list[tuple[int, int]]) -> str | None:
    """The text with its superscript characters as such, where it has any."""
    parts, found = [text[: runs[0][0]]], False
    for (start, font), end in zip(runs, [*(at for at, _ in runs[1:]), len(text)], strict=True):
        part = text[start:end]
        up = bool(part.strip()) and font < len(book.font_list) and book.font_list[font].escapement == _SUPERSCRIPT
        found = found or up
        parts.append(as_raised(part) if up else part)
    return "".join(parts) if found else None


def _broken(error: Exception) -> Unreadable:
    if "encrypted" in str(error).lower() or "Can't find workbook" in str(error):
        return Unreadable(
            "L10-xlsx", "工作簿已加密，或不是表格；请去除密码，另存为 .xlsx 后提交", "is an encrypted workbook, or no workbook at all; remove the password, save as .xlsx and deliver again",
        )
    return Unreadable("L10-xlsx", "旧版 .xls 文件损坏或不完整，无法打开；请另存为 .xlsx 后提交", "the old .xls file is damaged or truncated; save it as .xlsx and deliver again")
