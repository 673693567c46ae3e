"""The three file formats, each read into text without interpretation: CSV, XLSX, Parquet."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import zipfile
from collections.abc import Iterable
from pathlib import Path

from pipelines.ingest.problem import Unreadable
from pipelines.ingest.table import TextTable

_CHUNK = 1 << 20
# A workbook that unpacks to more than this is no honest monthly form.
_XLSX_LIMIT = 512 << 20
_SEPARATORS = (",", ";", "\t")
csv.field_size_limit(1 << 24)


def read_tables(path: Path) -> list[TextTable]:
    """All tables of a file: one for CSV and Parquet, one a sheet for XLSX.

    Raises Unreadable with the reason.
    """
    suffix = path.suffix.lower()
    if path.stat().st_size == 0:
        raise Unreadable("L06-empty", "文件为空（0 字节）", "the file is empty (0 bytes)")
    if suffix == ".csv":
        return [_read_csv(path)]
    if suffix == ".xlsx":
        return _read_xlsx(path)
    return [_read_parquet(path)]


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        with path.open("rb") as handle:
            while chunk := handle.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def text_encoding(path: Path) -> str:
    with path.open("rb") as handle:
        start = handle.read(4)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise Unreadable(
                "L07-encoding", "文件编码是 UTF-16，请另存为 UTF-8 或 GB18030", "the encoding is UTF-16; save as UTF-8 or GB18030"
            )
        handle.seek(0)
        while chunk := handle.read(_CHUNK):
            if b"\x00" in chunk:
                raise Unreadable(
                    "L08-nul", "文件含 NUL 字节，可能已损坏或不是文本文件", "the file holds NUL bytes: damaged, or not a text file"
                )
    for encoding in ("utf-8-sig", "gb18030"):
        if _decodes(path, encoding):
            return encoding
    raise Unreadable(
        "L07-encoding", "无法识别文件编码；请另存为 UTF-8 或 GB18030", "unknown encoding; save as UTF-8 or GB18030"
    )


def field_separator(lines: Iterable[str]) -> str:
    """The separator of the first line that has one (a title line has none)."""
    for line in lines:
        if any(separator in line for separator in _SEPARATORS):
            return max(_SEPARATORS, key=line.count)
    return ","


def _read_csv(path: Path) -> TextTable:
    encoding = text_encoding(path)
    rows: list[tuple[int, list[str]]] = []
    with path.open(encoding=encoding, newline="") as handle:
        separator = field_separator(handle)
        handle.seek(0)
        reader = csv.reader(handle, delimiter=separator, strict=True)
        before = 0
        try:
            for cells in reader:
                rows.append((before + 1, cells))
                before = reader.line_num
        except csv.Error as error:
            raise Unreadable(
                "L09-csv",
                f"CSV 第 {before + 1} 行起引号不成对或格式错误（{error}）",
                f"the CSV is broken from line {before + 1} on: {error}",
            ) from error
    return TextTable(rows)


def _read_xlsx(path: Path) -> list[TextTable]:
    from python_calamine import CalamineError, CalamineWorkbook

    broken = Unreadable(
        "L10-xlsx", "XLSX 文件损坏或不完整，无法打开；请重新导出", "the XLSX file is damaged or truncated; export it again"
    )
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(item.file_size for item in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise broken from error
    if size > _XLSX_LIMIT:
        raise Unreadable(
            "L11-size",
            f"XLSX 解压后 {size >> 20} MB，超过上限 {_XLSX_LIMIT >> 20} MB；请分文件提交",
            f"the XLSX unpacks to {size >> 20} MB, above the limit of {_XLSX_LIMIT >> 20} MB; split it",
        )
    try:
        workbook = CalamineWorkbook.from_path(str(path))
        sheets = [(name, workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in workbook.sheet_names]
    except (CalamineError, OSError, ValueError) as error:
        raise broken from error
    return [
        TextTable([(number, [_text(cell) for cell in row]) for number, row in enumerate(rows, 1)], sheet)
        for sheet, rows in sheets
    ]


def _text(cell: object) -> str:
    """A cell as its reader sees it: whole numbers without `.0`, dates in ISO form."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ") if cell.time() != dt.time() else cell.date().isoformat()
    return str(cell)


def _read_parquet(path: Path) -> TextTable:
    import polars as pl

    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise Unreadable(
            "L12-parquet", "Parquet 文件损坏，无法读取", "the Parquet file is damaged and cannot be read"
        ) from error
    nested = [name for name, kind in frame.schema.items() if kind.is_nested() or kind == pl.Binary]
    if nested:
        raise Unreadable(
            "L12-parquet",
            f"Parquet 列 {'、'.join(nested)} 不是简单类型",
            f"the Parquet columns {', '.join(nested)} are not of a plain type",
        )
    rows = [(0, list(frame.columns))]
    rows += [(number, [_text(cell) for cell in row]) for number, row in enumerate(frame.iter_rows(), 1)]
    return TextTable(rows)
