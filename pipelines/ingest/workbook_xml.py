"""What the XML of a workbook says beside its values, read as a stream: hidden parts, errors, merged cells, number formats, raised characters."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from xml.parsers import expat

from pipelines.ingest.number_format import BUILT_IN, NumberFormat, number_format
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.table import Range

_CHUNK = 1 << 20
# cells of the rectangle that a sheet spans, filled or not: they are laid out in memory
_CELL_LIMIT = 20_000_000
_CELL_TEXT_LIMIT = 32_767   # of the format itself
_REF = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")
_ROWS, _COLUMNS = 1_048_576, 16_384


@dataclass
class SheetFacts:
    """What the XML of a sheet says beside its values; positions count from 0, rows from 1.

    merged: ranges of merged cells; formats: cells whose number format shows another number than the one that is stored;
    raised: cells with superscript characters, with their text.
    """

    last_row: int = 0
    last_column: int = 0
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    uncomputed: list[tuple[int, int]] = field(default_factory=list)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: list[Range] = field(default_factory=list)
    formats: dict[tuple[int, int], NumberFormat] = field(default_factory=dict)
    raised: dict[tuple[int, int], str] = field(default_factory=dict)


DATES_1904 = Unreadable(
    "L23-date-1904", "工作簿使用 1904 日期系统，写成数字的日期会差四年；请在表格软件选项中取消“使用 1904 日期系统”，核对日期后重新提交",
    "the workbook counts its days from 1904: dates written as numbers would be four years off; turn this option off, check the dates and deliver it again",
)


def broken() -> Unreadable:
    """The verdict on a workbook that cannot be opened."""
    return Unreadable(
        "L10-xlsx", "XLSX 文件损坏或不完整，无法打开；请重新导出", "the XLSX file is damaged or truncated; export it again"
    )


class Names:
    """Sheet names and the parts that they stand for."""

    def __init__(self) -> None:
        self.sheets: dict[str, str] = {}
        self.targets: dict[str, str] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "sheet":
            self.sheets[attributes.get("name", "")] = next((v for k, v in attributes.items() if k.endswith(":id")), "")
        elif name == "workbookPr" and attributes.get("date1904") in ("1", "true"):
            raise DATES_1904
        elif name == "Relationship":
            self.targets[attributes.get("Id", "")] = attributes.get("Target", "")

    def end(self, tag: str) -> None:
        """Nothing ends here."""

    def text(self, data: str) -> None:
        """Nothing is said in text."""


class Styles:
    """The number formats of the cell styles."""

    def __init__(self) -> None:
        self._codes: dict[int, str] = dict(BUILT_IN)
        self._styles: list[int] = []
        self._in_cells = False

    def telling(self) -> dict[str, NumberFormat]:
        """Style -> its format, of the styles that show another number than the one that is stored."""
        formats = {str(style): number_format(self._codes.get(code, "")) for style, code in enumerate(self._styles)}
        return {style: found for style, found in formats.items() if found is not None}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "numFmt" and attributes.get("numFmtId", "").isdecimal():
            self._codes[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self._in_cells = True
        elif name == "xf" and self._in_cells:
            code = attributes.get("numFmtId", "0")
            self._styles.append(int(code) if code.isdecimal() else 0)

    def end(self, tag: str) -> None:
        if tag.rpartition(":")[2] == "cellXfs":
            self._in_cells = False

    def text(self, data: str) -> None:
        """Nothing is said in text."""


# Superscript digits stay what they are; other raised characters are put in brackets of their own.
_RAISED = str.maketrans("0123456789+-()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾")


def as_raised(text: str) -> str:
    """A superscript text as characters that cannot be taken for a part of a number."""
    raised = text.translate(_RAISED)
    return raised if raised != text else f"⟨{text}⟩"


class _RichText:
    """The text of a string whose runs may be raised: 1000 with a raised 2 is 1000², not 10002."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._run: list[str] = []
        self._up = self._any = self._keep = self._sound = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "r":
            self._run, self._up = [], False
        elif name == "vertAlign":
            self._up = attributes.get("val") == "superscript"
        elif name == "rPh":
            self._sound = True
        elif name == "t":
            self._keep = not self._sound

    def text(self, data: str) -> None:
        if self._keep:
            self._run.append(data)

    def end(self, name: str) -> None:
        if name == "t":
            self._keep = False
        elif name == "rPh":
            self._sound = False
        elif name == "r":
            self._flush()

    def _flush(self) -> None:
        text, self._run = "".join(self._run), []
        if self._up and text.strip():
            self._any = True
            text = as_raised(text)
        self._parts.append(text)
        self._up = False

    def taken(self) -> str | None:
        """The whole text where a run is raised, else None; begins anew."""
        self._flush()
        text, any_raised = "".join(self._parts), self._any
        self._parts, self._any = [], False
        return text if any_raised else None


class Strings:
    """The shared strings that hold raised characters, by their number."""

    def __init__(self) -> None:
        self.raised: dict[str, str] = {}
        self._number = 0
        self._rich = _RichText()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._rich.start(tag.rpartition(":")[2], attributes)

    def text(self, data: str) -> None:
        self._rich.text(data)

    def end(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        self._rich.end(name)
        if name == "si":
            if (text := self._rich.taken()) is not None:
                self.raised[str(self._number)] = text
            self._number += 1


class _Events(Protocol):
    def start(self, tag: str, attributes: dict[str, str]) -> None: ...
    def end(self, tag: str) -> None: ...
    def text(self, data: str) -> None: ...


def parse(archive: zipfile.ZipFile, part: zipfile.ZipInfo, events: _Events) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _no_doctype
    parser.StartElementHandler, parser.EndElementHandler = events.start, events.end
    parser.CharacterDataHandler = events.text
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)


def _no_doctype(*_: object) -> None:
    raise Unreadable(
        "L10-xlsx", "XLSX 内含 DTD 实体声明，不予打开；请用表格软件重新导出",
        "the XLSX declares a DTD, which is not opened; export it again from the spreadsheet program",
    )


class Sheet:
    """Collects the facts of one sheet from its XML events; of a part that is no sheet there are none."""

    def __init__(self, formats: dict[str, NumberFormat], raised: dict[str, str]) -> None:
        self.facts = SheetFacts()
        self._formats, self._raised = formats, raised
        self._rich: _RichText | None = None
        self._style = ""
        self._is_sheet: bool | None = None
        self._row = self._column = 0
        self._kind = ""
        self._filled = self._formula = False
        self._keep: list[str] | None = None
        self._value = ""
        self._enter: dict[str, Callable[[dict[str, str]], None]] = {
            "row": self._start_row, "c": self._start_cell, "col": self._start_col, "mergeCell": self._merge,
        }

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if self._is_sheet is None:
            self._is_sheet = name in ("worksheet", "dialogsheet")
        if not self._is_sheet:
            return
        if handler := self._enter.get(name):
            handler(attributes)
        elif name in ("v", "is"):
            self._keep = []
            self._rich = _RichText() if name == "is" else None
        elif name == "f":
            self._formula = True
        elif self._rich is not None:
            self._rich.start(name, attributes)

    def text(self, data: str) -> None:
        if self._keep is not None:
            self._keep.append(data)
        if self._rich is not None:
            self._rich.text(data)

    def end(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        if self._rich is not None:
            self._rich.end(name)
            if name == "is":
                if (text := self._rich.taken()) is not None:
                    self.facts.raised[self._row, self._column] = text
                self._rich = None
        if name in ("v", "is") and self._keep is not None:
            self._value, self._keep = "".join(self._keep), None
            self._filled = bool(self._value)
        elif name == "c" and self._is_sheet:
            self._end_cell()

    def _start_row(self, attributes: dict[str, str]) -> None:
        self._row = _number(attributes.get("r"), self._row + 1, _ROWS)
        self._column = -1
        if attributes.get("hidden") in ("1", "true"):
            self.facts.hidden_rows.append(self._row)

    def _start_col(self, attributes: dict[str, str]) -> None:
        if attributes.get("hidden") in ("1", "true"):
            first = _number(attributes.get("min"), 1, _COLUMNS)
            self.facts.hidden_columns.append((first - 1, _number(attributes.get("max"), first, _COLUMNS) - 1))

    def _merge(self, attributes: dict[str, str]) -> None:
        ends = [_REF.fullmatch(end) for end in attributes.get("ref", "").split(":")]
        if len(ends) == 2 and ends[0] and ends[1]:
            (first, last) = ends[0], ends[1]
            self.facts.merged.append((int(first[2]), column_number(first[1]), int(last[2]), column_number(last[1])))

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self._column += 1
        if reference := attributes.get("r"):
            match = _REF.fullmatch(reference)
            if match is None or int(match[2]) > _ROWS or (column := column_number(match[1])) >= _COLUMNS:
                raise broken()
            self._row, self._column = int(match[2]), column
        self._kind, self._value, self._style = attributes.get("t", ""), "", attributes.get("s", "")
        self._filled = self._formula = False

    def _end_cell(self) -> None:
        place = self._row, self._column
        if len(self._value) > _CELL_TEXT_LIMIT:
            raise broken()
        # a formula whose result is a blank text is computed; without any stored value nobody computed it
        if self._formula and not self._filled and self._kind != "str":
            self.facts.uncomputed.append(place)
        if self._kind == "e":
            self.facts.errors[place] = self._value
        elif self._kind == "s":
            if (text := self._raised.get(self._value)) is not None:
                self.facts.raised[place] = text
        elif self._kind in ("", "n") and self._filled and (shown := self._formats.get(self._style)) is not None:
            self.facts.formats[place] = shown
        if not (self._filled or self._formula):
            return
        facts = self.facts
        facts.last_row, facts.last_column = max(facts.last_row, self._row), max(facts.last_column, self._column)
        if facts.last_row * (facts.last_column + 1) > _CELL_LIMIT:
            raise Unreadable(
                "L11-size",
                f"工作表延伸到第 {facts.last_row} 行第 {facts.last_column + 1} 列，超过 {_CELL_LIMIT} 个单元格；请删除远处的零散单元格或分文件提交",
                f"a sheet reaches to row {facts.last_row}, column {facts.last_column + 1}, more than {_CELL_LIMIT} cells; clear stray cells or split it",
            )


def column_number(letters: str) -> int:
    """A -> 0, Z -> 25, AA -> 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def column_letters(position: int) -> str:
    """0 -> A, 26 -> AA."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _number(text: str | None, default: int, limit: int) -> int:
    if text is None:
        return default
    if not text.isdecimal() or not 1 <= int(text) <= limit:
        raise broken()
    return int(text)
