"""The rows below a header that are data: without totals, notes and lines left open, with merged cells filled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from pipelines.contracts.codes import load_code_lists
from pipelines.contracts.source import Source
from pipelines.contracts.text import code_key, is_missing, is_unknown, narrow
from pipelines.ingest.beside import is_number, is_unit_cell, is_unit_note, unit_line
from pipelines.ingest.heading import table_words
from pipelines.ingest.lines import Header
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.survey import Survey, all_blank, answer_columns, by_convention, owner_of
from pipelines.ingest.table import Cell, HeaderedTable, Malformed, Range, Remark, Row, TextTable, doubtful, meaning_of
from pipelines.ingest.workbook_xml import column_letters

MALFORMED_LIMIT = 200_000   # with more lines than this that do not fit the header, it is not the header of this file
# Codes and numbers begin with a digit; a first cell that matches may be a total, a note or a signature (polars and DuckDB read it alike).
MAY_BE_NO_DATA = r"^[^0-9]|(?i:[合总小共汇][\s\x{3000}]*[计总]|total)"


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    words = {name: "|".join(sorted(map(re.escape, found), key=len, reverse=True)) for name, found in table_words().items()}
    return (
        re.compile(rf"(?:{words['total_prefixes']})?(?:{words['totals']})(?:[(\[].*[)\]])?:?"),
        re.compile(r".*(?:合计|总计|小计|共计|汇总|total):?"),
        re.compile(rf"(?:{words['notes']})(?:\d*[:.、].*|[(\d)]*)"),
        re.compile(r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})[.、)].*[\u4e00-\u9fff].*"),
    )


def is_no_data(first: str, uscc: str | None) -> bool:
    """True for a total row, a note or a signature line, by its first filled cell and its credit code (None: no such column)."""
    key = code_key(first[:200])
    total, total_of, note, _ = _patterns()
    if total.fullmatch(key) or note.fullmatch(key):
        return True
    # 贵阳市小计: a total of something, where the row names no enterprise
    return uscc is not None and total_of.fullmatch(key) is not None and (is_missing(uscc) or code_key(uscc[:200]) == key)


def _is_note(filled: list[str]) -> bool:
    """True for a line of one cell that is a sentence: what stands below a printed form, without a figure."""
    if len(filled) != 1:
        return False
    key = code_key(filled[0][:200])
    han = sum("\u4e00" <= char <= "\u9fff" for char in key)
    return not is_unknown(filled[0]) and (_patterns()[3].fullmatch(key) is not None or han >= 6 or (han >= 1 and any(mark in key for mark in ":,。;、")))


def too_many_malformed(line: Malformed) -> Unreadable:
    """The verdict on a file of which most is no record."""
    return Unreadable(
        "L21-field-count",
        f"超过 {MALFORMED_LIMIT} 行不是与表头（{line.expected} 个字段）相符的记录，自第 {line.row_no} 行起；请检查分隔符和引号",
        f"more than {MALFORMED_LIMIT} lines are no records with the {line.expected} fields of the header, from line {line.row_no} on; check separators and quotes",
    )


def _keep(result: HeaderedTable, line: Malformed) -> None:
    result.malformed.append(line)
    if len(result.malformed) > MALFORMED_LIMIT:
        raise too_many_malformed(replace(result.malformed[0], expected=result.width))


def _is_left_open(cells: list[str], result: HeaderedTable, answers: list[int], survey: Survey, source: Source) -> bool:
    """True for a line of a prepared form in which nobody filled in anything."""
    def cell(name: str) -> str:
        place = result.columns.get(name, len(cells))
        return cells[place] if place < len(cells) else ""

    if source.answers:
        return all(is_missing(cell(name)) for name in source.answers) and all(
            code_key(cell(name)) == code_key(text) for name, text in source.prepared
        )
    if not answers or not all_blank(cells, answers) or all(is_missing(cell(name)) for name in source.key):
        return False
    # a line that is shifted has its figures in other columns
    coded = [column for column in source.columns if column.type == "code" and column.name in source.key and not column.open]
    if any(load_code_lists()[column.codes or ""].resolve(cell(column.name)) is None for column in coded if not is_missing(cell(column.name))):
        return False
    others = [place for name, place in result.columns.items() if name not in source.key and place < len(cells)]
    if any(is_number(cells[place]) for place in others if cells[place]):
        return False
    return source.printed_lines or owner_of(cells, result.columns) in survey.left_open


def data_rows(table: TextTable, header: Header, result: HeaderedTable, survey: Survey, source: Source) -> Iterator[Row]:
    """The rows that are data; totals, lines left open and lines that do not fit the header are kept apart."""
    uscc = result.columns.get("uscc")
    width = result.width
    answers = answer_columns(source, result.columns)
    merged = _Merged(table.merged, header.number, result.columns, source)
    stated = _StatedUnits(result, source)
    numeric = [p for name, p in result.columns.items() if source.column(name).type in ("number", "percent")] if survey.comma or survey.unclear else []
    for row in header.rows:
        if isinstance(row, Malformed):
            _keep(result, row)
            continue
        row_no, cells = row
        filled = [cell for cell in cells if cell and not cell.isspace()]
        if not filled:
            continue
        cells = merged.fill(row_no, cells)
        code = None if uscc is None else cells[uscc] if uscc < len(cells) else ""
        if is_no_data(filled[0], code) or (len(result.columns) > 2 and _is_note(filled)) or is_unit_note(cells):
            result.totals.append(row_no)
        elif table.ragged and ((len(cells) < width and len(cells) not in survey.short) or any(c.strip() for c in cells[width:])):
            _keep(result, Malformed(row_no, len(cells), width, ",".join(cells[: width + 20])[:200]))
        elif _is_left_open(cells, result, answers, survey, source):
            result.remarks.append(Remark(row_no, None, "N06-left-open", "本行没有填写，不计入", "nothing was filled in on this line: it does not count"))
        else:
            if header.months is not None:
                cells = with_month(cells, result.columns["period"], header.months)
            cells = by_convention(cells, numeric, survey)
            if header.constants:
                cells = [*cells[:width], *[""] * (width - len(cells)), *header.constants.values()]
            yield row_no, stated.take(cells)


def with_month(cells: list[str], year: int, month: int) -> list[str]:
    """The cells with the year and the month as one period."""
    if max(year, month) >= len(cells) or is_missing(cells[month]) or is_missing(cells[year]):
        return cells
    cells = list(cells)
    y, m = narrow(cells[year]).rstrip("年度").strip(), narrow(cells[month]).removesuffix("份").removesuffix("月").strip()
    # a month that names its year says it all
    cells[year] = Cell(f"{y}年{m}月") if m.isdigit() and len(m) < 3 else Cell(cells[month])
    return cells


def named_by(source: Source) -> str | None:
    """The column of names whose unit column tells in what they are measured, where a name may have its unit behind it."""
    unit = next((column for column in source.columns if column.name == "unit" and column.type == "unit"), None)
    if unit is None:
        return None
    return unit.dimension_of or next((name for name in ("item", "indicator") if name in source.key), None)


class _StatedUnits:
    """Units of single rows that stand neither in their unit cell nor in a header: behind the name (柴油（万吨）), in a remark."""

    def __init__(self, result: HeaderedTable, source: Source) -> None:
        self._name, columns = named_by(source) or "", result.columns
        self._at, self._unit = columns.get(self._name), columns.get("unit")
        self._codes = None if self._at is None or source.column(self._name).codes is None else load_code_lists()[source.column(self._name).codes or ""]
        self._quantity = columns.get(source.quantity or "")
        self._others = [] if result.plain else sorted(set(range(result.width)) - set(columns.values()))
        self._told_elsewhere = bool(result.header_units.get("unit") or result.note_units)

    def take(self, cells: list[str]) -> list[str]:
        """The cells with the unit of the row in its place; a unit in a remark makes the figure doubtful."""
        if self._at is None or self._unit is None or self._at >= len(cells):
            return cells
        if self._unit < len(cells) and not is_missing(cells[self._unit]):
            return cells
        text = cells[self._at]
        if (match := _BEHIND.fullmatch(text)) and is_unit_cell(match[2]) and self._is_name(text, match[1]):
            cells = [*cells, *[""] * (self._unit + 1 - len(cells))]
            cells[self._at] = Cell(text, match[1], "unit_in_name")
            cells[self._unit] = match[2]
        elif self._quantity is not None and not self._told_elsewhere and self._quantity < len(cells):
            for position in self._others:
                if position < len(cells) and "单位" in cells[position] and unit_line([cells[position]]):
                    cells = list(cells)
                    cells[self._quantity] = doubtful(
                        cells[self._quantity], f"计量单位列空白，而本行另写有“{cells[position].strip()[:40]}”", f"the unit is blank, but the row says {cells[position].strip()[:40]!r} elsewhere",
                    )
                    break
        return cells

    def _is_name(self, whole: str, bare: str) -> bool:
        return self._codes is None or (self._codes.resolve(whole) is None and self._codes.resolve(bare) is not None)


_BEHIND = re.compile(r"\s*(\S.*?)\s*[(（\[]\s*(?:单位\s*[:：]\s*)?([^()（）\[\]]+?)\s*[)）\]]\s*", re.DOTALL)


class _Merged:
    """Merged cells of the rows: a name counts for the whole range, a number for none of it."""

    def __init__(self, ranges: list[Range], header: int, columns: dict[str, int], source: Source) -> None:
        names = {position: name for name, position in columns.items()}
        self._by_column = [
            (merged, source.column(names[merged[1]]).type in ("number", "percent"))
            for merged in ranges if merged[2] > header and merged[1] in names and (merged[2] > merged[0] or merged[3] > merged[1])
        ]
        self._by_column.sort(key=lambda item: item[0][0])
        numbers = {position for position, name in names.items() if source.column(name).type in ("number", "percent")}
        # side by side, a merged number stands for several figures
        self._by_column = [
            (merged, number) for merged, number in self._by_column
            if merged[2] > merged[0] or (number and len(numbers & set(range(merged[1], merged[3] + 1))) > 1)
        ]
        self._next = 0
        self._open: list[tuple[Range, bool, str]] = []

    def fill(self, row_no: int, cells: list[str]) -> list[str]:
        """The cells of a row with those of the ranges that it lies in."""
        self._open = [item for item in self._open if item[0][2] >= row_no]
        while self._next < len(self._by_column) and self._by_column[self._next][0][0] <= row_no:
            merged, number = self._by_column[self._next]
            self._next += 1
            if merged[2] >= row_no:
                self._open.append((merged, number, cells[merged[1]] if merged[0] == row_no and merged[1] < len(cells) else ""))
        if not self._open:
            return cells
        cells = list(cells)
        for (first, column, last, end), number, text in self._open:
            if is_missing(text):
                continue
            cells += [""] * (column + 1 - len(cells))
            if number:
                place = f"{column_letters(column)}{first}:{column_letters(end)}{last}"
                cells[column] = doubtful(text, f"合并单元格 {place}，各行的数无法分开", f"merged cells {place}: the share of each row is not told")
            elif row_no > first:
                cells[column] = Cell(text, meaning_of(text), "merged")
        return cells
