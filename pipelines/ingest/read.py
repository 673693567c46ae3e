"""One received file -> typed rows, whatever its format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import polars as pl

from pipelines.contracts.source import Source
from pipelines.ingest.header import find_table
from pipelines.ingest.parse import is_hour
from pipelines.ingest.readers import read_tables
from pipelines.ingest.said_period import Months, periods_of
from pipelines.ingest.spill import SpilledRows
from pipelines.ingest.table import HeaderedTable
from pipelines.ingest.typed import TypedTable, type_table

# Rows that are text at one time: cells as Python strings take many times the memory of a typed column.
_ROWS_A_TIME = 20_000
# Normalisations that are named per file; their count is always the true one.
NOTE_LIMIT = 200


# A file of more rows is kept on disk and judged in pieces.
ROWS_IN_MEMORY = 100_000


@dataclass
class ReadFile:
    """The table as it was found and its typed rows; `spilled` holds them when they are too many for `typed.frame`, `periods` are those of all rows."""

    table: HeaderedTable
    typed: TypedTable
    spilled: SpilledRows | None = None
    periods: set[Months] = field(default_factory=set)


def open_file(path: Path, source: Source, sheet: int = 0) -> tuple[HeaderedTable, Iterator[TypedTable]]:
    """The table of a received file, and its rows typed a part at a time; `sheet`: which of the sheets that fit, from 0.

    Raises Unreadable with the reason.

    What the table says of its rows (malformed lines, totals) is complete when the last part was read.
    """
    table = find_table(read_tables(path), source, sheet)
    return table, _parts(path, table, source, sheet)


def read_file(path: Path, source: Source, sheet: int = 0) -> ReadFile:
    """Read and type a received file. Raises Unreadable with the reason."""
    table, parts = open_file(path, source, sheet)
    typed = next(parts)
    frames = [typed.frame]
    for part in parts:
        frames.append(part.frame)
        add_notes(typed, part)
    typed.frame = pl.concat(frames)
    return ReadFile(table, typed)


def read_or_spill(path: Path, source: Source, folder: Path, sheet: int = 0) -> ReadFile:
    """Read and type a received file of any size: above a number of rows they go to `folder`. Raises Unreadable with the reason."""
    table, parts = open_file(path, source, sheet)
    typed = next(parts)
    frames, rows = [typed.frame], len(typed.frame)
    periods = periods_of(typed.frame, source)
    spilled: SpilledRows | None = None
    for part in parts:
        add_notes(typed, part)
        periods |= periods_of(part.frame, source)
        rows += len(part.frame)
        frames.append(part.frame)
        if rows > ROWS_IN_MEMORY:
            spilled = spilled or SpilledRows.for_file(path, source.judged_together, folder)
            for frame in frames:
                spilled.write(frame)
            frames = []
    if spilled is None:
        typed.frame = pl.concat(frames)
    else:
        spilled.close()
        typed.frame = typed.frame.head(0)
    return ReadFile(table, typed, spilled, periods)


def add_notes(typed: TypedTable, part: TypedTable) -> None:
    """Add the notes of a further part of the same file."""
    typed.notes = [*typed.notes, *part.notes][:NOTE_LIMIT]
    typed.note_rows.update(part.note_rows)


def _parts(path: Path, table: HeaderedTable, source: Source, sheet: int) -> Iterator[TypedTable]:
    """At least one part. Whether a bare date is an hour depends on the whole column: it is looked through before."""
    hourly = any(column.hourly for column in source.columns) and _has_hours(path, source, sheet)
    rows = iter(table.rows)
    first = True
    while (chunk := list(islice(rows, _ROWS_A_TIME))) or first:
        typed = type_table(replace(table, rows=chunk), source, hourly=hourly)
        typed.notes = typed.notes[:NOTE_LIMIT]
        yield typed
        first = False


def _has_hours(path: Path, source: Source, sheet: int) -> bool:
    table = find_table(read_tables(path), source, sheet)
    places = [table.columns[column.name] for column in source.columns if column.hourly]
    return any(is_hour(cells[place]) for _, cells in table.rows for place in places if place < len(cells))
