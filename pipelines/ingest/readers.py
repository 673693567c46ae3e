"""The file formats, each read into text without interpretation: CSV, XLSX and legacy XLS, Parquet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pipelines.contracts.text import UNCOMPUTED
from pipelines.ingest.csv_records import NumberedRow, field_separator, may_hold_more, records
from pipelines.ingest.encoding import text_encoding
from pipelines.ingest.legacy import is_legacy, read_legacy
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.table import Cell, Remark, TextTable
from pipelines.ingest.workbook import inspect
from pipelines.ingest.workbook_xml import SheetFacts, broken, column_letters

_PARQUET_ROWS = 5_000_000


def read_tables(path: Path) -> Iterator[TextTable]:
    """The tables of a file: one for CSV and Parquet, one a sheet for a workbook, visible sheets first.

    Raises Unreadable with the reason.
    """
    suffix = path.suffix.lower()
    if path.stat().st_size == 0:
        raise Unreadable("L06-empty", "文件为空（0 字节）", "the file is empty (0 bytes)")
    if suffix == ".csv":
        yield _read_csv(path)
    elif suffix in (".xlsx", ".xls"):   # the bytes tell which of the two it is, not the name
        yield from _read_legacy(path) if is_legacy(path) else _read_xlsx(path)
    else:
        yield _read_parquet(path)


class _Again:
    """Rows that can be gone through more than once: each time they are read anew."""

    def __init__(self, read: Callable[[], Iterator[NumberedRow]]) -> None:
        self._read = read

    def __iter__(self) -> Iterator[NumberedRow]:
        return self._read()


def _read_csv(path: Path) -> TextTable:
    encoding = text_encoding(path)
    separator = field_separator(path, encoding)
    return TextTable(
        _Again(lambda: records(path, encoding, separator)), remarks=list(encoding.remarks), ragged=True, separator=separator,
        is_plain=lambda: not may_hold_more(path, separator),
    )


def _read_xlsx(path: Path) -> Iterator[TextTable]:
    from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

    facts = inspect(path)
    try:
        workbook = CalamineWorkbook.from_path(str(path))
        hidden = {sheet.name for sheet in workbook.sheets_metadata if sheet.visible != SheetVisibleEnum.Visible}
        # sorted keeps the order of the workbook within the visible and the hidden ones
        for name in sorted(workbook.sheet_names, key=lambda sheet: sheet in hidden):
            rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            yield _sheet(name, rows, facts.sheets.get(name, SheetFacts()), name in hidden, facts.external)
    except (CalamineError, OSError, ValueError) as error:
        raise broken() from error
    except BaseException as error:
        # a panic of the XLSX library is no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise broken() from error


def _read_legacy(path: Path) -> Iterator[TextTable]:
    for name, rows, facts, hidden in read_legacy(path):
        yield _sheet(name, rows, facts, hidden, external=False)


def _sheet(name: str, rows: list[list[Any]], facts: SheetFacts, hidden: bool, external: bool) -> TextTable:
    remarks = []
    if hidden:
        remarks.append(Remark(0, None, "N03-hidden", f"工作表“{name}”是隐藏的，已读取", f"the sheet {name!r} is hidden and was read"))
    filled = [row_no for row_no in facts.hidden_rows if row_no <= len(rows) and any(rows[row_no - 1])]
    if filled:
        some = "、".join(map(str, filled[:20]))
        remarks.append(Remark(
            0, None, "N03-hidden", f"隐藏的 {len(filled)} 行（第 {some} 行）也按数据读取",
            f"{len(filled)} hidden rows ({', '.join(map(str, filled[:20]))}) were read as data",
        ))
    columns = [column_letters(i) for first, last in facts.hidden_columns for i in range(first, min(last, facts.last_column) + 1)]
    if columns:
        remarks.append(Remark(
            0, None, "N03-hidden", f"隐藏的列 {'、'.join(columns[:20])} 也按数据读取",
            f"the hidden columns {', '.join(columns[:20])} were read as data",
        ))
    if external:
        remarks.append(Remark(
            0, None, "N04-external-link", "工作簿引用了其他文件，只读取其中保存的值，未打开被引用的文件",
            "the workbook refers to other files: the stored values were read, those files were not opened",
        ))
    _put_in(rows, facts)
    return TextTable(_Again(lambda: ((number, [_text(cell) for cell in row]) for number, row in enumerate(rows, 1))), name, remarks, facts.merged)


def _put_in(rows: list[list[Any]], facts: SheetFacts) -> None:
    """Put into the cells what only the XML says: errors, formulas without a value, raised characters, numbers as they are shown."""
    told: dict[tuple[int, int], str | Cell] = {**facts.errors, **facts.raised, **dict.fromkeys(facts.uncomputed, UNCOMPUTED)}
    for (row_no, position), text in told.items():
        if row_no <= len(rows):
            row = rows[row_no - 1]
            row += [""] * (position + 1 - len(row))
            row[position] = text
    for (row_no, position), shown in facts.formats.items():
        if row_no <= len(rows) and position < len(rows[row_no - 1]):
            as_shown = shown.shown(rows[row_no - 1][position])
            if as_shown is not None:
                rows[row_no - 1][position] = Cell(as_shown, kind="as_shown", stored=True)


def _text(cell: object) -> str:
    """A cell as its reader sees it: whole numbers without `.0`, dates in ISO form."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int):
        return Cell(str(cell), stored=True)
    if isinstance(cell, float):
        return Cell(str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell), stored=True)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ") if cell.time() != dt.time() else cell.date().isoformat()
    return str(cell)


def _read_parquet(path: Path) -> TextTable:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            rows, schema = file.metadata.num_rows, file.schema_arrow
    except (pa.ArrowException, OSError, ValueError) as error:
        raise parquet_problem(error) from error
    if rows > _PARQUET_ROWS:
        raise Unreadable(
            "L11-size", f"Parquet 有 {rows} 行，超过上限 {_PARQUET_ROWS} 行；请分文件提交",
            f"the Parquet file has {rows} rows, above the limit of {_PARQUET_ROWS}; split it",
        )
    if odd := [field.name for field in schema if pa.types.is_nested(field.type) or _is_binary(field.type)]:
        raise odd_columns(odd)
    return TextTable(_Again(lambda: _parquet_rows(path, list(schema.names))))


def _is_binary(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind))


def odd_columns(names: list[str]) -> Unreadable:
    """Columns of a Parquet file that hold lists, structures or bytes."""
    return Unreadable(
        "L12-parquet",
        f"Parquet 列 {'、'.join(names[:20])} 不是简单类型",
        f"the Parquet columns {', '.join(names[:20])} are not of a plain type",
    )


def parquet_problem(error: Exception) -> Unreadable:
    if "encrypt" in str(error).lower():
        return Unreadable(
            "L12-parquet", "Parquet 文件已加密，无法读取；请提交未加密的文件", "the Parquet file is encrypted; deliver it without encryption"
        )
    return Unreadable("L12-parquet", "Parquet 文件损坏，无法读取", "the Parquet file is damaged and cannot be read")


# days from 1970-01-01 to the first and the last day that a date of Python has
_FIRST_DAY, _LAST_DAY = (day.toordinal() - dt.date(1970, 1, 1).toordinal() for day in (dt.date.min, dt.date.max))


def _parquet_rows(path: Path, names: list[str]) -> Iterator[NumberedRow]:
    import polars as pl
    import pyarrow as pa
    import pyarrow.parquet as pq

    yield 0, names
    number = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=20_000):
                batch.validate(full=True)   # text that is no UTF-8 would be a panic further on
                cells: list[list[str]] = [_plain_texts(pl.from_arrow(batch.column(i))) for i in range(len(names))]
                for values in zip(*cells, strict=True):
                    number += 1
                    yield number, list(values)
    except (pa.ArrowException, pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError, OverflowError) as error:
        raise parquet_problem(error if isinstance(error, Exception) else ValueError(str(error))) from error


def _plain_texts(values: Any) -> list[str]:
    """A column as text: moments with a time zone in Asia/Shanghai, short floats without the noise of their width.

    Raises ValueError where a date lies outside the years 1 to 9999: the library would panic, on the reader's terminal.
    """
    import polars as pl

    a_day = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}[values.dtype.time_unit] if isinstance(values.dtype, pl.Datetime) else 1
    moved = int(isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone is not None)   # by hours, so that the first and last day may be left
    if values.dtype in (pl.Date, pl.Datetime) and not (values.to_physical().drop_nulls() // a_day).is_between(_FIRST_DAY + moved, _LAST_DAY - moved).all():
        raise ValueError("dates outside the years 1 to 9999")
    if isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone:
        values = values.dt.convert_time_zone("Asia/Shanghai").dt.replace_time_zone(None)
    if values.dtype == pl.Float32:
        values = values.cast(pl.String).cast(pl.Float64)
    return [_text(value) for value in values]
