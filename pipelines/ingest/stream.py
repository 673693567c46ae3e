"""A file of any size as text in Parquet, a bounded piece at a time: cells `c0`, `c1`, ... and row_no, without interpretation.

Lines without quotes are split by pyarrow; a file that has quotes, or lines with trailing separators, goes through the same
CSV reader as small files do. Either way the rows, their numbers and what is left out are those of `read_tables`.
"""

from __future__ import annotations

import csv
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
from pipelines.ingest.header import find_header, is_no_data
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.readers import field_separator, read_tables, text_encoding
from pipelines.ingest.table import HeaderedTable, Malformed, TextTable

_HEAD = 64            # records in which the header is looked for
_PIECE = 100_000      # records of one piece
_BLOCK = 8 << 20
_MALFORMED = 200_000  # with more lines than this that do not fit the header, it is not the header of this file
_BLANK = " \t\r\n\v\f\u3000\u00a0"


@dataclass
class TextFile:
    """The text of a file: where it lies, which cell is which column, and what was left out.

    Attributes:
        path: Parquet with row_no and one text column a cell; columns: canonical column -> name of its cell;
        cells: all cells, in the order of the file.
    """

    path: Path
    columns: dict[str, str]
    cells: list[str]
    unknown_headers: list[str]
    sheet: str | None = None
    malformed: list[Malformed] = field(default_factory=list)


class _Quoted(Exception):
    """The file needs a reader that understands quotes, or many lines of it do not fit the header."""


def stream_text(path: Path, source: Source, target: Path) -> TextFile:
    """Write the text of a CSV or XLSX file to `target`. Raises Unreadable with the reason."""
    if path.stat().st_size == 0 or path.suffix.lower() != ".csv":
        table, index, head = find_header(read_tables(path), source)
        text = _text_file(target, head, len(table.rows[index][1]))
        with _writer(text) as write:
            write(_frame(text, table.rows[index + 1 :], None))
        return text
    return _stream_csv(path, source, target)


def _text_file(target: Path, head: HeaderedTable, width: int) -> TextFile:
    columns = {name: f"c{position}" for name, position in head.columns.items()}
    return TextFile(target, columns, [f"c{i}" for i in range(width)], head.unknown_headers, head.sheet)


@contextmanager
def _writer(text: TextFile) -> Iterator[Any]:
    schema = pa.schema([("row_no", pa.int64()), *((cell, pa.string()) for cell in text.cells)])
    with pq.ParquetWriter(text.path, schema, compression="zstd", compression_level=1) as writer:

        def write(frame: pl.DataFrame) -> None:
            if len(frame):
                writer.write_table(frame.select("row_no", *text.cells).to_arrow().cast(schema))

        yield write


def _stream_csv(path: Path, source: Source, target: Path) -> TextFile:
    encoding = text_encoding(path)
    with path.open(encoding=encoding, newline="") as handle:
        separator = field_separator(handle)
    first = list(islice(_records(path, encoding, separator), _HEAD))
    table, index, head = find_header([TextTable(first)], source)
    header_row, header = table.rows[index]
    text = _text_file(target, head, len(header))
    try:
        if any("\n" in cell or "\r" in cell for _, cells in first[: index + 1] for cell in cells) or _has_quotes(path):
            raise _Quoted
        with _writer(text) as write:
            for frame in _lines(path, encoding, separator, header_row, text):
                write(_without_no_data(frame, text))
    except _Quoted:
        text.malformed.clear()
        with _writer(text) as write:
            records = islice(_records(path, encoding, separator), index + 1, None)
            while piece := list(islice(records, _PIECE)):
                write(_frame(text, piece, text.malformed))
    text.malformed.sort(key=lambda line: line.row_no)
    return text


def _has_quotes(path: Path) -> bool:
    with path.open("rb") as handle:
        while chunk := handle.read(_BLOCK):
            if b'"' in chunk:
                return True
    return False


def _records(path: Path, encoding: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """(physical line, cells) of a CSV. Raises Unreadable where its quotes are broken."""
    before = 0
    with path.open(encoding=encoding, newline="") as handle:
        reader = csv.reader(handle, delimiter=separator, strict=True)
        try:
            for cells in reader:
                yield before + 1, cells
                before = reader.line_num
        except csv.Error as error:
            raise Unreadable(
                "L09-csv",
                f"CSV 第 {before + 1} 行起引号不成对或格式错误（{error}）",
                f"the CSV is broken from line {before + 1} on: {error}",
            ) from error


def _frame(text: TextFile, records: list[tuple[int, list[str]]], malformed: list[Malformed] | None) -> pl.DataFrame:
    """Data rows among records; lines that do not fit the header go to `malformed` (None: cells may be missing)."""
    width = len(text.cells)
    numbers: list[int] = []
    rows: list[list[str]] = []
    for row_no, cells in records:
        first = next((cell for cell in cells if cell.strip()), None)
        if first is None or is_no_data(first):
            continue
        if malformed is not None and (len(cells) < width or any(cell.strip() for cell in cells[width:])):
            _note_malformed(malformed, row_no, cells, width)
            continue
        numbers.append(row_no)
        rows.append([*cells[:width], *([""] * (width - len(cells)))])
    data = {cell: pl.Series(column, dtype=pl.String) for cell, column in zip(text.cells, zip(*rows, strict=True), strict=True)} if rows else {}
    schema = {"row_no": pl.Int64, **dict.fromkeys(text.cells, pl.String)}
    return pl.DataFrame({"row_no": numbers, **data}, schema_overrides={"row_no": pl.Int64}) if rows else pl.DataFrame(schema=schema)


def _note_malformed(malformed: list[Malformed], row_no: int, cells: list[str], width: int) -> None:
    if len(malformed) == _MALFORMED:
        raise Unreadable(
            "L19-field-count",
            f"超过 {_MALFORMED} 行的字段数与表头（{width} 个字段）不符，自第 {malformed[0].row_no} 行起；请检查分隔符",
            f"more than {_MALFORMED} lines do not have the {width} fields of the header, from line {malformed[0].row_no} on; check the separator",
        )
    malformed.append(Malformed(row_no, len(cells), width, ",".join(cells)[:200]))


def _lines(path: Path, encoding: str, separator: str, header_row: int, text: TextFile) -> Iterator[pl.DataFrame]:
    """The lines below the header as frames, where no line has a quote: a line is a record."""
    odd: list[int] = []          # numbers of the lines that pyarrow left out, in order
    found: list[tuple[int, list[str]]] = []

    def left_out(row: Any) -> str:
        number = row.number
        odd.append(number)
        found.append((number, row.text.split(separator)))
        if len(found) > _MALFORMED:
            raise _Quoted
        return "skip"

    reader = pa_csv.open_csv(
        path,
        read_options=pa_csv.ReadOptions(
            use_threads=False, block_size=_BLOCK, skip_rows=header_row, column_names=text.cells,
            encoding="utf8" if encoding.startswith("utf") else encoding,
        ),
        parse_options=pa_csv.ParseOptions(
            delimiter=separator, quote_char=False, ignore_empty_lines=False, invalid_row_handler=left_out
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(text.cells, pa.string()), strings_can_be_null=False
        ),
    )
    line = header_row
    for batch in reader:
        frame = pl.DataFrame(pa.Table.from_batches([batch]))
        numbers, line = _numbers(line, len(frame), odd)
        yield frame.with_columns(numbers)
    if found:
        yield _frame(text, found, text.malformed)


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
    frame = frame.with_columns(first.alias("_first")).filter(pl.col("_first").is_not_null())
    # numbers and codes begin with a digit: the others are few, and only they can be words
    words = frame.select("_first").filter(~pl.col("_first").str.contains("^[0-9]")).unique()["_first"]
    no_data = [word for word in words if is_no_data(word)]
    return (frame.filter(~pl.col("_first").is_in(no_data)) if no_data else frame).drop("_first")
