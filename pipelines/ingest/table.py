"""A file as a table of text: rows with their numbers, before any header is understood."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pipelines.ingest.problem import Unreadable


class Cell(str):
    """A cell whose meaning is not simply its text.

    Attributes:
        meaning: what is typed; the text itself is what findings show.
        kind: the normalisation that this was, if it is one to be noted (`N01-...`).
        stored: the text was made from a number that the file holds as a number: no separators to be understood.
    """

    __slots__ = ("kind", "meaning", "stored")
    meaning: str
    kind: str | None
    stored: bool

    def __new__(cls, text: str, meaning: str | None = None, kind: str | None = None, stored: bool = False) -> Cell:
        cell = super().__new__(cls, text)
        cell.meaning, cell.kind, cell.stored = text if meaning is None else meaning, kind, stored
        return cell


def doubtful(text: str, zh: str, en: str) -> Cell:
    """A cell that cannot be relied on: its text with the reason, which is no number, so that its row is held."""
    return Cell(f"{text}（{zh} | {en}）")


def meaning_of(cell: str) -> str:
    """The text that is typed."""
    return cell.meaning if isinstance(cell, Cell) else cell


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


Row = tuple[int, list[str]]
Range = tuple[int, int, int, int]   # first row, first column, last row, last column: rows as counted, columns from 0


@dataclass
class TextTable:
    """One sheet or file. `rows` are (row_no, cells), row_no as contracts count it, or lines that are no record; they can be gone
    through more than once.

    Attributes:
        merged: ranges of merged cells, in which only the first cell has a value.
        ragged: rows may end early, as a CSV writes them; a sheet has no end of a row. separator: between the fields of a CSV.
        is_plain: whether the file shows no sign of units below its header or decimal commas; asked of files that may be too large
            to be gone through twice.
    """

    rows: Iterable[Row | Malformed]
    sheet: str | None = None
    remarks: list[Remark] = field(default_factory=list)
    merged: list[Range] = field(default_factory=list)
    ragged: bool = False
    separator: str = ","
    is_plain: Callable[[], bool] = lambda: False


@dataclass
class HeaderedTable:
    """A table whose header was found: canonical column -> position in a row.

    `rows` may be read once; `malformed` and `totals` are complete when it is read to its end.

    Attributes:
        header_units: unit column -> units that stand in the headers of its numbers; note_units: units in a line beside the table.
        near: position -> (header, canonical column) of columns that read like one of the contract and are not it: rows that
            carry something there are held.
        further: names of the sheets behind this one that are deliveries of their own.
        header_row: the last line of the header; width: its number of cells; headers: position -> what stands there.
    """

    columns: dict[str, int]
    unknown_headers: list[str]
    rows: Iterable[Row]
    sheet: str | None = None
    malformed: list[Malformed] = field(default_factory=list)
    totals: list[int] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    header_units: dict[str, tuple[str, ...]] = field(default_factory=dict)
    note_units: tuple[str, ...] = ()
    near: dict[int, tuple[str, str]] = field(default_factory=dict)
    further: list[str] = field(default_factory=list)
    header_row: int = 0
    width: int = 0
    headers: dict[int, str] = field(default_factory=dict)
    title_period: str | None = None   # the month that a title or the sheet's name says of the table
    plain: bool = False   # nothing of its rows needs more than its header
