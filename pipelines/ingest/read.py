"""One received file -> typed rows, whatever its format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import polars as pl

from pipelines.contracts.source import Source
from pipelines.ingest.header import find_table
from pipelines.ingest.readers import read_tables
from pipelines.ingest.table import HeaderedTable
from pipelines.ingest.typed import TypedTable, type_table

# Rows that are text at one time: cells as Python strings take many times the memory of a typed column.
_ROWS_A_TIME = 20_000
# Normalisations that are named per file; their count is always the true one.
NOTE_LIMIT = 200


@dataclass
class ReadFile:
    """The table as it was found and its typed rows."""

    table: HeaderedTable
    typed: TypedTable


def open_file(path: Path, source: Source) -> tuple[HeaderedTable, Iterator[TypedTable]]:
    """The table of a received file, and its rows typed a part at a time. Raises Unreadable with the reason.

    What the table says of its rows (malformed lines, totals) is complete when the last part was read.
    """
    table = find_table(read_tables(path), source)
    return table, _parts(table, source)


def read_file(path: Path, source: Source) -> ReadFile:
    """Read and type a received file. Raises Unreadable with the reason."""
    table, parts = open_file(path, source)
    typed = next(parts)
    frames = [typed.frame]
    for part in parts:
        frames.append(part.frame)
        add_notes(typed, part)
    typed.frame = pl.concat(frames)
    return ReadFile(table, typed)


def add_notes(typed: TypedTable, part: TypedTable) -> None:
    """Add the notes of a further part of the same file."""
    typed.notes = [*typed.notes, *part.notes][:NOTE_LIMIT]
    typed.note_rows.update(part.note_rows)


def _parts(table: HeaderedTable, source: Source) -> Iterator[TypedTable]:
    """At least one part. Whether a bare date is an hour depends on the whole column: such sources are typed at once."""
    size = None if any(column.hourly for column in source.columns) else _ROWS_A_TIME
    rows = iter(table.rows)
    first = True
    while (chunk := list(islice(rows, size))) or first:
        typed = type_table(replace(table, rows=chunk), source)
        typed.notes = typed.notes[:NOTE_LIMIT]
        yield typed
        first = False
