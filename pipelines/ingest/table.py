"""A file as a table of text: rows with their numbers, before any header is understood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class TextTable:
    """One sheet or file. `rows` are (row_no, cells); row_no as contracts count it."""

    rows: list[tuple[int, list[str]]]
    sheet: str | None = None


@dataclass
class Malformed:
    """A line that has more or fewer fields than the header: kept with its number, not guessed at."""

    row_no: int
    found: int
    expected: int
    text: str


@dataclass
class HeaderedTable:
    """A table whose header was found: canonical column -> position in a row."""

    columns: dict[str, int]
    unknown_headers: list[str]
    rows: list[tuple[int, list[str]]]
    sheet: str | None = None
    malformed: list[Malformed] = field(default_factory=list)
    totals: list[int] = field(default_factory=list)

    def column_cells(self, name: str) -> Iterator[str]:
        """The cells of one canonical column, in row order."""
        position = self.columns[name]
        for _, cells in self.rows:
            yield cells[position] if position < len(cells) else ""
