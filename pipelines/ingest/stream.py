"""A file of any size as text in Parquet, a bounded piece at a time: cells `c0`, `c1`, ... and row_no, without interpretation.

Lines without quotes are split by pyarrow; a file that has quotes, or lines with trailing separators, goes through the same
CSV reader as small files do. Either way the rows, their numbers and what is left out are those of `read_tables`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from pipelines.contracts.source import Source
from pipelines.ingest.csv_records import CELL_LIMIT, field_separator
from pipelines.ingest.encoding import text_encoding
from pipelines.ingest.header import MALFORMED_LIMIT, MAY_BE_NO_DATA, find_table, is_no_data
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.readers import read_tables
from pipelines.ingest.table import HeaderedTable, Malformed, Remark, meaning_of

_PIECE = 100_000      # records of one piece
_BLOCK = 8 << 20
_BLANK = " \t\r\n\v\f\u3000\u00a0"


@dataclass
class TextFile:
    """The text of a file: where it lies, which cell is which column, and what was left out.

    Attributes:
        path: Parquet with row_no and one text column a cell; columns: canonical column -> name of its cell;
        cells: all cells, in the order of the file; header_units: unit column -> units that stand in the headers;
        note_units: units in a line beside the table; further: sheets behind this one that are deliveries of their own.
    """

    path: Path
    columns: dict[str, str]
    cells: list[str]
    unknown_headers: list[str]
    sheet: str | None = None
    malformed: list[Malformed] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    header_units: dict[str, tuple[str, ...]] = field(default_factory=dict)
    note_units: tuple[str, ...] = ()
    further: list[str] = field(default_factory=list)


class _NotPlain(Exception):
    """The file needs a reader that understands quotes and broken lines, or many lines of it do not fit the header."""


def stream_text(path: Path, source: Source, target: Path, sheet: int = 0) -> TextFile:
    """Write the text of a CSV or XLSX file to `target`; `sheet`: which of the sheets that fit. Raises Unreadable with the reason."""
    table = find_table(read_tables(path), source, sheet)
    refuse_near(table)
    text = TextFile(
        target, {name: f"c{position}" for name, position in table.columns.items()}, [f"c{i}" for i in range(table.width)],
        table.unknown_headers, table.sheet, table.malformed, table.remarks, table.header_units, table.note_units, table.further,
    )
    try:
        if path.suffix.lower() != ".csv" or not table.plain or _has_quotes(path):
            raise _NotPlain
        with _writer(text) as write:
            for frame in _lines(path, table.header_row, text):
                write(_without_no_data(frame, text))
    except _NotPlain:
        del text.malformed[:]
        with _writer(text) as write:
            rows = iter(table.rows)
            while piece := list(islice(rows, _PIECE)):
                write(_frame(text, piece))
    text.malformed.sort(key=lambda line: line.row_no)
    return text


def refuse_near(table: HeaderedTable) -> None:
    """Refuse a file of any size for a header that only reads like one of the contract: its rows are not looked at one by one."""
    if table.near:
        remark = next(remark for remark in table.remarks if remark.check_id == "F11-near-header")
        raise Unreadable("L26-near-header", remark.zh, remark.en)


@contextmanager
def _writer(text: TextFile) -> Iterator[Any]:
    schema = pa.schema([("row_no", pa.int64()), *((cell, pa.string()) for cell in text.cells)])
    with pq.ParquetWriter(text.path, schema, compression="zstd", compression_level=1) as writer:

        def write(frame: pl.DataFrame) -> None:
            if len(frame):
                writer.write_table(frame.select("row_no", *text.cells).to_arrow().cast(schema))

        yield write


def _has_quotes(path: Path) -> bool:
    with path.open("rb") as handle:
        while chunk := handle.read(_BLOCK):
            if b'"' in chunk:
                return True
    return False


def _frame(text: TextFile, records: list[tuple[int, list[str]]]) -> pl.DataFrame:
    width = len(text.cells)
    rows = [[*map(meaning_of, cells[:width]), *([""] * (width - len(cells)))] for _, cells in records]
    data = {cell: pl.Series(column, dtype=pl.String) for cell, column in zip(text.cells, zip(*rows, strict=True), strict=True)}
    return pl.DataFrame({"row_no": pl.Series([number for number, _ in records], dtype=pl.Int64), **data})


def _lines(path: Path, header_row: int, text: TextFile) -> Iterator[pl.DataFrame]:
    """The lines below the header as frames, where no line has a quote: a line is a record."""
    encoding = text_encoding(path)
    if encoding.errors != "strict":   # bytes that are no text: the other reader replaces them
        raise _NotPlain
    separator = field_separator(path, encoding)
    odd: list[int] = []          # numbers of the lines that pyarrow left out, in order
    found: list[tuple[int, list[str]]] = []

    def left_out(row: Any) -> str:
        odd.append(row.number)
        found.append((row.number, row.text.split(separator)))
        return "error" if len(found) > MALFORMED_LIMIT or len(row.text) > CELL_LIMIT else "skip"

    line = header_row
    try:
        reader = pa_csv.open_csv(
            path,
            read_options=pa_csv.ReadOptions(
                use_threads=False, block_size=_BLOCK, skip_rows=header_row, column_names=text.cells,
                encoding="utf8" if encoding.name.startswith("utf") else encoding.name,
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=separator, quote_char=False, ignore_empty_lines=False, invalid_row_handler=left_out
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(text.cells, pa.string()), strings_can_be_null=False
            ),
        )
        for batch in reader:
            frame = pl.DataFrame(pa.Table.from_batches([batch]))
            if len(frame) and frame.select(pl.max_horizontal(pl.col(cell).str.len_chars().max() for cell in text.cells)).item() > CELL_LIMIT:
                raise _NotPlain
            numbers, line = _numbers(line, len(frame), odd)
            yield frame.with_columns(numbers)
    except pa.ArrowException as error:
        raise _NotPlain from error
    if found:
        width = len(text.cells)
        rows = []
        for row_no, cells in found:
            if len(cells) < width or any(cell.strip() for cell in cells[width:]):
                first = next((cell for cell in cells if cell.strip()), None)
                uscc = text.columns.get("uscc")
                position = None if uscc is None else text.cells.index(uscc)
                code = None if position is None else cells[position] if position < len(cells) else ""
                if first is not None and not is_no_data(first, code):
                    text.malformed.append(Malformed(row_no, len(cells), width, ",".join(cells[: width + 20])[:200]))
            else:
                rows.append((row_no, cells))
        if rows:
            yield _frame(text, rows)


def _numbers(line: int, count: int, odd: list[int]) -> tuple[pl.Series, int]:
    """Numbers of the next `count` lines after `line` without the odd ones (ascending), and the last of them."""
    start = end = bisect_right(odd, line)
    while end < len(odd) and odd[end] <= line + count + end - start:
        end += 1
    last = line + count + end - start
    numbers = pl.int_range(line + 1, last + 1, eager=True)
    if end > start:
        numbers = numbers.filter(~numbers.is_in(odd[start:end]))
    return numbers.alias("row_no"), last


def _without_no_data(frame: pl.DataFrame, text: TextFile) -> pl.DataFrame:
    """Leave out blank lines, totals, notes and signatures."""
    first = pl.coalesce(pl.when(pl.col(cell).str.strip_chars(_BLANK) != "").then(pl.col(cell)) for cell in text.cells)
    code = pl.col(text.columns["uscc"]) if "uscc" in text.columns else pl.lit(None, dtype=pl.String)
    frame = frame.with_columns(first.alias("_first"), code.alias("_code")).filter(pl.col("_first").is_not_null())
    # numbers and codes begin with a digit: the others are few, and only they can be words
    words = frame.select("_first", "_code").filter(pl.col("_first").str.contains(MAY_BE_NO_DATA)).unique()
    no_data = words.filter(pl.Series([is_no_data(*row) for row in words.rows()], dtype=pl.Boolean))
    if len(no_data):
        frame = frame.join(no_data, on=["_first", "_code"], how="anti", nulls_equal=True, maintain_order="left")
    return frame.drop("_first", "_code")
