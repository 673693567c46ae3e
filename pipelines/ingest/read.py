"""One received file -> typed rows, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.contracts.source import Source
from pipelines.ingest.header import find_table
from pipelines.ingest.readers import read_tables
from pipelines.ingest.table import HeaderedTable
from pipelines.ingest.typed import TypedTable, type_table


@dataclass
class ReadFile:
    """The table as it was found and its typed rows."""

    table: HeaderedTable
    typed: TypedTable


def read_file(path: Path, source: Source) -> ReadFile:
    """Read and type a received file. Raises Unreadable with the reason."""
    table = find_table(read_tables(path), source)
    return ReadFile(table, type_table(table, source))
