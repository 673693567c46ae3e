"""One row of a received file as it was delivered, read as the gate reads it: the same sheet, header and row numbers, whatever the format."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pipelines.contracts.source import load_sources
from pipelines.ingest.header import find_table
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.readers import read_tables
from pipelines.ingest.table import HeaderedTable

_MOST_ROWS = 100_000   # of a file that is kept in memory for the next question


def delivered_row(path: Path, source: str, row_no: int, sheet: int = 0) -> dict[str, str] | None:
    """Header -> text of a row; a line that does not fit the header comes as it stands, under `#`.

    None: there is no such row, or the file cannot be read as a table of its source. `sheet`: which of the sheets that fit, from 0.
    """
    if source not in load_sources():
        return None
    table, kept = _opened(path, path.stat().st_mtime_ns, source, sheet)
    if table is None:
        return None
    cells = kept.get(row_no)
    if cells is None and len(kept) == _MOST_ROWS:
        cells = next((cells for number, cells in _table(path, source, sheet).rows if number == row_no), None)
    if cells is not None:
        # what stands in no column of the file (a unit in a name, say) is only shown where it says something
        shown = [i for i, cell in enumerate(cells) if cell.strip() or (i < table.width and table.headers.get(i))]
        return {table.headers.get(i) or f"#{i + 1}": str(cells[i]) for i in shown}
    return next(({"#": line.text} for line in table.malformed if line.row_no == row_no), None)


def delivered_sheet(path: Path, source: str, sheet: int = 0) -> str | None:
    """The name of the sheet that the rows of a delivery stand in; None for what is no workbook."""
    if source not in load_sources():
        return None
    table, _ = _opened(path, path.stat().st_mtime_ns, source, sheet)
    return table.sheet if table else None


@lru_cache(maxsize=4)
def _opened(path: Path, changed: int, source: str, sheet: int) -> tuple[HeaderedTable | None, dict[int, list[str]]]:
    """The table of a file and its first rows; `changed` (time of the last change) makes the cache honest."""
    kept: dict[int, list[str]] = {}
    try:
        table = _table(path, source, sheet)
        for number, cells in table.rows:
            kept[number] = cells
            if len(kept) == _MOST_ROWS:
                break
    except (Unreadable, OSError):
        return None, {}
    return table, kept


def _table(path: Path, source: str, sheet: int) -> HeaderedTable:
    return find_table(read_tables(path), load_sources()[source], sheet)
