"""A file as a table of text: rows with their numbers, before any header is understood."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pipelines.ingest.problem import Unreadable


@dataclass
class Malformed:
    """A line that cannot be matched with the header: kept with its number, not guessed at.

    `found` and `expected` are numbers of fields; `problem` says why the line is no record at all, if so.
    """

    row_no: int
    found: int
    expected: int
    text: str
    problem: Unreadable | None = None


@dataclass(frozen=True)
class Remark:
    """Something about the file that its reader should know: named as a finding, changes no verdict."""

    row_no: int
    column: str | None
    check_id: str
    zh: str
    en: str


@dataclass
class TextTable:
    """One sheet or file. `rows` are (row_no, cells), row_no as contracts count it, or lines that are no record."""

    rows: Iterable[tuple[int, list[str]] | Malformed]
    sheet: str | None = None
    remarks: list[Remark] = field(default_factory=list)
    # (row_no, position) of formulas whose value the workbook does not hold
    uncomputed: dict[tuple[int, int], str] = field(default_factory=dict)


@dataclass
class HeaderedTable:
    """A table whose header was found: canonical column -> position in a row.

    `rows` may be read once; `malformed` and `totals` are complete when it is read to its end.
    `header_units` are the units that stand in the headers: unit column -> unit. `header_row` is the line of the header,
    `width` its number of cells.
    """

    columns: dict[str, int]
    unknown_headers: list[str]
    rows: Iterable[tuple[int, list[str]]]
    sheet: str | None = None
    malformed: list[Malformed] = field(default_factory=list)
    totals: list[int] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    uncomputed: dict[tuple[int, int], str] = field(default_factory=dict)
    header_units: dict[str, str] = field(default_factory=dict)
    header_row: int = 0
    width: int = 0
