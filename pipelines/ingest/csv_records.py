"""The records of a CSV with the numbers of their lines. A line that is none is named, and reading goes on behind it."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from pipelines.ingest.encoding import CHUNK, Encoding
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.table import Malformed

_SEPARATORS = (",", ";", "\t")
_LINE_LIMIT = 1 << 22      # characters of one physical line
CELL_LIMIT = 32_767       # characters of one cell, as in a spreadsheet
_RECORD_LINES = 100        # a quoted cell of more lines is a quote that was never closed
csv.field_size_limit(_LINE_LIMIT * 2)


def field_separator(path: Path, encoding: Encoding) -> str:
    """The separator of the first line that has one (a title line has none)."""
    with encoding.open(path) as handle:
        while line := handle.readline(_LINE_LIMIT):
            if any(separator in line for separator in _SEPARATORS):
                return max(_SEPARATORS, key=line.count)
    return ","


class _BrokenLine(Exception):
    """A physical line that cannot begin or continue a record."""


class _Lines:
    """The physical lines of a CSV; those of a record that failed can be given back."""

    def __init__(self, handle: TextIO) -> None:
        self._handle = handle
        self._again: deque[str] = deque()
        self.taken: list[str] = []   # lines of the record being read

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= _RECORD_LINES:
            raise _BrokenLine("引号没有闭合", "a quote is never closed")
        line = self._again.popleft() if self._again else self._handle.readline(_LINE_LIMIT)
        if not line:
            raise StopIteration
        self.taken.append(line)
        if len(line) >= _LINE_LIMIT and not line.endswith(("\n", "\r")):
            while (rest := self._handle.readline(_LINE_LIMIT)) and not rest.endswith(("\n", "\r")):
                pass
            raise _BrokenLine(f"本行超过 {_LINE_LIMIT} 个字符", f"the line is longer than {_LINE_LIMIT} characters")
        return line

    def give_back(self) -> str:
        """Keep the first line of the record out, and read the others again."""
        first, *others = self.taken
        self._again.extendleft(reversed(others))
        self.taken = []
        return first


NumberedRow = tuple[int, list[str]] | Malformed


def may_hold_more(path: Path, separator: str) -> bool:
    """Whether a CSV may hold decimal commas, or a unit in a line beside the table: a file of any size is looked through for its bytes only."""
    comma = re.compile(rb'"[^",\n]*[0-9],[0-9]' if separator == "," else rb"[0-9],[0-9]")
    words = ["单位".encode(name) for name in ("utf-8", "gb18030")]
    units = 0
    with path.open("rb") as handle:
        while chunk := handle.read(CHUNK << 3):
            if comma.search(chunk):
                return True
            units += sum(chunk.count(word) for word in words)
            if units > 2:   # the header may name its column of units
                return True
    return False


def records(path: Path, encoding: Encoding, separator: str) -> Iterator[NumberedRow]:
    """The records of a CSV with the number of their first line. A line that is none is named; reading goes on behind it."""
    with encoding.open(path) as handle:
        lines = _Lines(handle)
        reader = csv.reader(lines, delimiter=separator, strict=True)
        number, width = 1, 0
        while True:
            try:
                cells = next(reader, None)
                if cells is not None and len(lines.taken) > 1 and _swallows(cells, width, separator):
                    raise _BrokenLine("引号位置不对，把后面的行并进了一个单元格", "a stray quote takes the lines behind it into one cell")
            except (csv.Error, _BrokenLine) as error:
                yield _broken_line(number, lines.give_back(), error)
                reader = csv.reader(lines, delimiter=separator, strict=True)
                number += 1
                continue
            if cells is None:
                return
            if any(len(cell) > CELL_LIMIT for cell in cells):
                words = f"单元格超过 {CELL_LIMIT} 个字符", f"a cell is longer than {CELL_LIMIT} characters"
                yield _broken_line(number, ",".join(cell[:50] for cell in cells[:50]), _BrokenLine(*words))
            else:
                yield number, cells
                width = max(width, len(cells))
            number += len(lines.taken)
            lines.taken = []


def _swallows(cells: list[str], width: int, separator: str) -> bool:
    """True when a cell of several lines holds whole records: two stray quotes, and what lies between them.

    `width` is the number of fields of the widest record so far.
    """
    if width < 3:
        return False
    inside = [cell.count(separator) for cell in cells if "\n" in cell or "\r" in cell]
    return (len(cells) != width and any(inside)) or any(count >= width - 1 for count in inside)


def _broken_line(number: int, text: str, error: Exception) -> Malformed:
    words = error.args if isinstance(error, _BrokenLine) else ("引号不成对或位置不对", f"quotes do not match: {error}")
    problem = Unreadable(
        "F04-broken-line", f"第 {number} 行不是完整的 CSV 记录（{words[0]}）", f"line {number} is no CSV record ({words[1]})"
    )
    return Malformed(number, 0, 0, text.rstrip("\r\n")[:200], problem)
