"""What only all rows of a table together tell: its decimal mark, lines left open, rows that end early, figures that are not read.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

from pipelines.contracts.codes import load_code_lists
from pipelines.contracts.source import Source
from pipelines.contracts.text import code_key, is_missing, narrow
from pipelines.ingest.beside import is_number, is_unit_note
from pipelines.ingest.lines import Header, take_unit_line
from pipelines.ingest.table import Cell, Malformed, TextTable, doubtful


@dataclass
class Survey:
    """What only all rows together tell.

    comma: decimal commas are proven; point: decimal points are; unclear: neither is, in a file whose separator is a semicolon; left_open: (uscc, period) with several lines left open;
    short: lengths of rows whose trailing blank cells a spreadsheet left out; figures: unknown columns that hold numbers;
    coded: unknown column -> the column of the contract whose words it holds, where that would be blank and a default step in.
    """

    comma: str | None = None
    point: str | None = None
    unclear: str | None = None
    left_open: frozenset[tuple[str, str]] = frozenset()
    short: frozenset[int] = frozenset()
    figures: frozenset[int] = frozenset()
    coded: dict[int, str] = field(default_factory=dict)


_WORDS = 20   # different words of a column that are looked at
_GROUPED_COMMA = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+", re.ASCII)
_ONE_GROUP = re.compile(r"[+-]?[1-9]\d{0,2}[,.]\d{3}", re.ASCII)
_COMMA_DECIMAL = re.compile(r"[+-]?(?:\d+|[1-9]\d{0,2}(?:\.\d{3})+|[1-9]\d{0,2}(?: \d{3})+),\d+", re.ASCII)
_POINT_DECIMAL = re.compile(r"[+-]?(?:\d+|[1-9]\d{0,2}(?:,\d{3})+)\.\d+", re.ASCII)
_POINT_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3}){2,}", re.ASCII)


def _proof(text: str) -> str | None:
    """Which convention a number proves: `comma` or `point` as its decimal mark; None when it fits both or says nothing."""
    value = narrow(text).rstrip("%").rstrip()
    if _ONE_GROUP.fullmatch(value):
        return None
    if _POINT_GROUPS.fullmatch(value):
        return "comma"
    if _GROUPED_COMMA.fullmatch(value) or _POINT_DECIMAL.fullmatch(value):
        return "point"
    return "comma" if _COMMA_DECIMAL.fullmatch(value) else None


class _Marks:
    """Which decimal mark the numbers of a file prove."""

    def __init__(self, separator: str) -> None:
        self.comma: str | None = None
        self.point: str | None = None
        self.unclear: str | None = None
        self._semicolons = separator == ";"

    def look_at(self, text: str) -> None:
        """Take a number as evidence; what the file holds as a number says nothing."""
        if not any(mark in text for mark in ",.，．") or (isinstance(text, Cell) and text.stored):
            return
        proof = _proof(text)
        if proof == "comma":
            self.comma = self.comma or text
        elif proof == "point":
            self.point = self.point or text
        elif self._semicolons and _ONE_GROUP.fullmatch(narrow(text)):
            self.unclear = self.unclear or text


def survey_rows(table: TextTable, header: Header, columns: dict[str, int], unknown: list[int], source: Source) -> Survey:
    """Go through the rows once before they are read. Units in lines below the header are taken into it."""
    numeric = [p for name, p in columns.items() if source.column(name).type in ("number", "percent")]
    marks, figures = _Marks(table.separator), set[int]()
    words: dict[int, set[str]] = {position: set() for position in unknown}
    lines_open: Counter[tuple[str, str]] = Counter()
    lengths: list[int] = []
    width, last = len(header.texts), -1
    answers = answer_columns(source, columns)
    for row in table.rows:
        if isinstance(row, Malformed) or row[0] <= header.number:
            continue
        cells = row[1]
        filled = [position for position, cell in enumerate(cells) if cell and not cell.isspace()]
        if not filled or (is_unit_note(cells) and take_unit_line(cells, header)):
            continue
        if table.ragged:
            lengths.append(len(cells))
            last = max(last, filled[-1]) if len(cells) >= width else last
        for position in numeric:
            if position < len(cells):
                marks.look_at(cells[position])
        for position in words:
            if position < len(cells) and len(words[position]) < _WORDS and not is_missing(cells[position]):
                words[position].add(cells[position])
        figures |= {p for p in unknown if p < len(cells) and cells[p] and is_number(cells[p])}
        if answers and all_blank(cells, answers):
            lines_open[owner_of(cells, columns)] += 1
    required = [columns[c.name] for c in source.columns if c.required and c.name in columns]
    return Survey(
        marks.comma, marks.point, None if marks.comma or marks.point else marks.unclear,
        frozenset(owner for owner, lines in lines_open.items() if lines > 1), _trimmed(lengths, width, max([last, *required])), frozenset(figures),
        {p: name for p, found in words.items() if header.texts[p].strip() and (name := _words_of(found, columns, source))},
    )


def _words_of(words: set[str], columns: dict[str, int], source: Source) -> str | None:
    """The column with a default that is not there and whose words these are: 累计 under a heading that nobody knows."""
    if not words or len(words) >= _WORDS or all(is_number(word) for word in words):
        return None
    for column in source.columns:
        if column.blank and column.name not in columns and column.codes:
            codes = load_code_lists()[column.codes]
            if all(codes.resolve(word) is not None for word in words):
                return column.name
    return None


def _trimmed(lengths: list[int], width: int, last: int) -> frozenset[int]:
    """Lengths of rows that end before columns which no full row fills, several in a row: a spreadsheet leaves trailing separators out."""
    runs = {a for a, b in pairwise(lengths) if a == b}
    return frozenset(length for length in runs if last < length < width)


def answer_columns(source: Source, columns: dict[str, int]) -> list[int]:
    """Positions of the figures that a line of a form asks for; none where a row without them says something all the same."""
    if source.bulk or source.quantity is None or source.answers:
        return []
    return [columns[c.name] for c in source.columns if c.type in ("number", "percent") and c.name in columns]


def all_blank(cells: list[str], positions: list[int]) -> bool:
    """Whether the cells at all these positions are blank."""
    return all(position >= len(cells) or is_missing(cells[position]) for position in positions)


def owner_of(cells: list[str], columns: dict[str, int]) -> tuple[str, str]:
    """Whose line it is: enterprise or division, and period."""
    def cell(name: str) -> str:
        place = columns.get(name, len(cells))
        return code_key(cells[place]) if place < len(cells) else ""

    return cell("uscc") or cell("division_code"), cell("period") or cell("year")


def by_convention(cells: list[str], numeric: list[int], survey: Survey) -> list[str]:
    """The numbers of a row, at the positions `numeric`, by the decimal mark of their file."""
    if not numeric:
        return cells
    cells = list(cells)
    for position in numeric:
        if position >= len(cells):
            continue
        text = cells[position]
        value = narrow(text)
        if (isinstance(text, Cell) and text.stored) or not ("," in value or "." in value):
            continue
        percent = "%" if value.endswith("%") else ""
        value = value.rstrip("%").rstrip()
        if (survey.point or survey.unclear) and (_COMMA_DECIMAL.fullmatch(value) or _ONE_GROUP.fullmatch(value)):
            cells[position] = doubtful(text, "小数点还是千分位，本文件中无法判断", "a decimal mark or a separator of thousands: this file does not tell")
        elif survey.comma and survey.point is None and (_COMMA_DECIMAL.fullmatch(value) or _POINT_GROUPS.fullmatch(value) or _ONE_GROUP.fullmatch(value) or re.fullmatch(r"[+-]?\d+\.\d{3}", value)):
            plain = value.replace(".", "").replace(" ", "").replace(",", ".")
            if re.fullmatch(r"[+-]?0+\.\d{3}", value):   # 0.500 is no group of thousands
                continue
            cells[position] = Cell(text, plain + percent, "decimal_comma")
    return cells
