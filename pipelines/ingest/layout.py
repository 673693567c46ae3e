"""Tables that stand across: fuels or months in the header instead of rows, and what the lines above a form say of all its rows.

A source names its layouts in its contract (`layouts`): the column whose values stand in the header, and the column of the figures
below them. Such a table is turned into the rows of the contract; everything else is read as in any other table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from pipelines.contracts.codes import load_code_lists
from pipelines.contracts.source import Layout, Source
from pipelines.contracts.text import code_key, is_missing, narrow
from pipelines.ingest.beside import is_number, is_unit_cell
from pipelines.ingest.heading import read_heading, table_words
from pipelines.ingest.parse import parse_period
from pipelines.ingest.table import Malformed, Remark, Row, TextTable
from pipelines.ingest.workbook_xml import column_letters

_LINES = 14          # in which the header is sought
_LEAST = 3           # values of the header that make it one that stands across
CELLS_A_ROW = 1000   # a record of such a table is numbered by its row and column: 12004 is row 12, column D
_MONTH = re.compile(r"(\d{1,2})\s*月(?:份)?", re.ASCII)
_UNIT = re.compile(r"[(（\[]\s*([^()（）\[\]]+)\s*[)）\]]\s*$")


@dataclass
class _Across:
    """A header that stands across: its index, position -> value of the column, position -> unit, what the other columns are."""

    at: int
    values: dict[int, str]
    units: dict[int, str]
    others: dict[int, str]


def unfold(table: TextTable, source: Source) -> TextTable | None:
    """The table as rows of the contract, where its header stands across by a layout of the source; None where it does not."""
    lines: list[Row] = []
    for row in table.rows:
        if not isinstance(row, Malformed) and any(cell.strip() for cell in row[1]):
            lines.append(row)
        if len(lines) == _LINES:
            break
    for layout in source.layouts:
        for at in range(len(lines)):
            if found := _header_across(lines, at, layout, source):
                return _turned(table, lines, found, layout, source)
    return None


def _header_across(lines: list[Row], at: int, layout: Layout, source: Source) -> _Across | None:
    values: dict[int, str] = {}
    units: dict[int, str] = {}
    others: dict[int, str] = {}
    for position, cell in enumerate(lines[at][1]):
        unit = _UNIT.search(cell)
        bare = cell[: unit.start()] if unit and is_unit_cell(unit[1]) else cell
        if (value := _value(bare, layout, source)) is not None:
            values[position] = value
            if bare != cell and unit:
                units[position] = unit[1]
        elif (name := read_heading(cell, source).name) and name != layout.value:
            others[position] = name
    if len(set(values.values())) < _LEAST or len(set(values.values())) < len(values):
        return None
    _name_corner(lines, at, values, others, source)
    return _Across(at, values, units, others)


def _name_corner(lines: list[Row], at: int, values: dict[int, str], others: dict[int, str], source: Source) -> None:
    """Name the column whose heading a printed form leaves blank: the one whose cells are codes of a required column."""
    for column in source.columns:
        if not (column.required and column.codes) or column.name in others.values():
            continue
        codes = load_code_lists()[column.codes]
        for position in range(min(values)):
            cells = [row[1][position] for row in lines[at + 1 :] if position < len(row[1]) and not is_missing(row[1][position])]
            if position not in others and len(cells) > 1 and 2 * sum(codes.resolve(cell) is not None for cell in cells) > len(cells):
                others[position] = column.name
                break


def _value(text: str, layout: Layout, source: Source) -> str | None:
    """The value of the column that stands across, as a header cell gives it."""
    column = source.column(layout.across)
    if not text.strip():
        return None
    if column.type == "code":
        return text.strip() if load_code_lists()[column.codes or ""].resolve(text) is not None else None
    month = _MONTH.fullmatch(narrow(text))
    if month and 1 <= int(month[1]) <= 12:
        return f"{int(month[1])}月"
    return text.strip() if parse_period(text) is not None and not narrow(text).isdigit() else None


def _turned(table: TextTable, lines: list[Row], found: _Across, layout: Layout, source: Source) -> TextTable:
    header = lines[found.at][0]
    below = [row for row in table.rows if not isinstance(row, Malformed) and row[0] > header]
    first = next((i for i, (_, cells) in enumerate(below) if not _is_unit_row(cells, found)), len(below))
    for _, cells in below[:first]:
        found.units.update({p: cells[p].strip() for p in found.values if p < len(cells) and cells[p].strip() and is_unit_cell(cells[p])})
    kinds = ["period_kind"] if layout.named else []
    names = list(dict.fromkeys([*found.others.values(), layout.across, layout.value, *([layout.unit] if layout.unit else []), *kinds]))
    # the name of the year's column is that of the period: its months stand across
    year_at = next((p for p, name in found.others.items() if name == layout.across), None)
    rows: list[Row | Malformed] = [*lines[: found.at], (header, names)]
    for number, cells in below[first:]:
        for position, value in found.values.items():
            text = cells[position] if position < len(cells) else ""
            if is_missing(text):
                continue
            record = {name: cells[p] if p < len(cells) else "" for p, name in found.others.items()}
            year = record.get(layout.across, "") if year_at is not None else _year_above(lines[: found.at])
            record[layout.across] = f"{narrow(year).rstrip('年度')}年{value}" if value.endswith("月") and value[0].isdigit() and len(value) < 4 else value
            record[layout.value] = text
            if layout.named:
                _part_name(record, layout)
            if layout.unit and is_missing(record.get(layout.unit, "")):
                record[layout.unit] = found.units.get(position, "")
            rows.append((number * CELLS_A_ROW + position + 1, [record.get(name, "") for name in names]))
    remarks = [Remark(
        0, None, "N12-layout", f"“{source.column(layout.across).zh}”横排在表头，已转为逐行数据；行号为行号×{CELLS_A_ROW}+列号（12004 是第 12 行 D 列）",
        f"{layout.across} stands across the header: turned into rows, which are numbered row x {CELLS_A_ROW} + column (12004 is row 12, column D)",
    ), *_left_out(lines[found.at][1], below[first:], found)]
    return TextTable(rows, table.sheet, [*table.remarks, *remarks])


_READING = re.compile(r"(.+?)[_\s]*(当期|累计)值?")


def _part_name(record: dict[str, str], layout: Layout) -> None:
    """发电量累计值(亿千瓦时): the name, its reading and its unit in their own columns."""
    assert layout.named
    text = record.get(layout.named, "").strip()
    unit = _UNIT.search(text)
    if unit and is_unit_cell(unit[1]):
        text = text[: unit.start()].strip()
        if layout.unit and is_missing(record.get(layout.unit, "")):
            record[layout.unit] = unit[1]
    if (reading := _READING.fullmatch(text)) and is_missing(record.get("period_kind", "")):
        text, record["period_kind"] = reading[1], reading[2]
    record[layout.named] = text


def _is_unit_row(cells: list[str], found: _Across) -> bool:
    """A line below the header that gives the unit of each column, or its number."""
    named = {code_key(cells[p]) for p in found.others if p < len(cells) and cells[p].strip()}
    if named - table_words()["ordinals"]:
        return False   # it says of what: a row of figures
    own = [cells[p].strip() for p in found.values if p < len(cells) and cells[p].strip()]
    keys = [code_key(cell).strip("()") for cell in own]
    ordinals = len(keys) > 2 and all(key.isdigit() and len(key) < 3 for key in keys) and all(int(b) == int(a) + 1 for a, b in pairwise(keys))
    return bool(own) and (all(is_unit_cell(cell) for cell in own) or ordinals)


def _left_out(header: list[str], below: list[Row], found: _Across) -> list[Remark]:
    """Columns with figures that are none of the values across."""
    remarks = []
    for position, text in enumerate(header):
        if position in found.values or position in found.others:
            continue
        if any(position < len(cells) and cells[position] and is_number(cells[position]) for _, cells in below):
            remarks.append(Remark(
                0, text.strip()[:100] or column_letters(position), "F08-figures-not-read", f"第 {column_letters(position)} 列“{text.strip()[:100]}”有数字，但不在约定中，没有读取",
                f"the column {text.strip()[:100]!r} ({column_letters(position)}) holds figures but is not in the contract: it was not read",
            ))
    return remarks


_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})\s*年")


def _year_above(lines: list[Row]) -> str:
    """The one year that the lines above name; blank when they name none or several."""
    found = {match[1] for _, cells in lines for cell in cells for match in _YEAR.finditer(narrow(cell))}
    return found.pop() if len(found) == 1 else ""



