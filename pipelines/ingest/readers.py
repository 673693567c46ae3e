"""The file formats, each read into text without interpretation: CSV, XLSX and legacy XLS, Parquet."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from pipelines.contracts.text import UNCOMPUTED
from pipelines.ingest.legacy import is_legacy, read_legacy
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.table import Cell, Malformed, Remark, TextTable
from pipelines.ingest.workbook import SheetFacts, broken, column_letters, inspect

_CHUNK = 1 << 20
_SEPARATORS = (",", ";", "\t")
_LINE_LIMIT = 1 << 22      # characters of one physical line
CELL_LIMIT = 32_767       # characters of one cell, as in a spreadsheet
_RECORD_LINES = 100        # a quoted cell of more lines is a quote that was never closed
_PARQUET_ROWS = 5_000_000
csv.field_size_limit(_LINE_LIMIT * 2)


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


@dataclass(frozen=True)
class Encoding:
    """How the bytes of a CSV become text.

    name: of the codec; skip: bytes before the text (byte order marks); errors: what happens with bytes that are damaged;
    remarks: what a reader of the findings should know of it.
    """

    name: str
    skip: int = 0
    errors: str = "strict"
    remarks: tuple[Remark, ...] = ()

    def open(self, path: Path) -> TextIO:
        """The file as text, without its byte order marks."""
        handle = path.open(encoding=self.name, errors=self.errors, newline="")
        handle.seek(self.skip)
        return handle


def _undecodable_line(path: Path, encoding: str, skip: int = 0) -> int | None:
    """The line of the first bytes that an encoding cannot read; None when it reads them all."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line = 1
    with path.open("rb") as handle:
        handle.seek(skip)
        while True:
            chunk = handle.read(_CHUNK)
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].count(b"\n")
            if not chunk:
                return None
            line += chunk.count(b"\n")


def text_encoding(path: Path) -> Encoding:
    """How a CSV is written: UTF-8 or GB18030. Raises Unreadable when it is neither, or no text."""
    with path.open("rb") as handle:
        start = handle.read(64)
        wide = "UTF-32" if start[:4] in (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff") else "UTF-16"
        if wide == "UTF-32" or start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise Unreadable(
                "L07-encoding", f"文件编码是 {wide}，请另存为 UTF-8 或 GB18030", f"the encoding is {wide}; save as UTF-8 or GB18030"
            )
        handle.seek(0)
        line = 1
        while chunk := handle.read(_CHUNK):
            if (at := chunk.find(b"\x00")) >= 0:
                line += chunk[:at].count(b"\n")
                raise Unreadable(
                    "L08-nul", f"文件第 {line} 行含 NUL 字节，可能已损坏、是 UTF-16 编码或不是文本文件；请另存为 UTF-8 后重新提交",
                    f"line {line} holds NUL bytes: damaged, UTF-16, or no text file; save as UTF-8 and deliver again",
                )
            line += chunk.count(b"\n")
    marks = 0
    while start.startswith(codecs.BOM_UTF8, marks):   # a tool may add a mark to a file that has one
        marks += len(codecs.BOM_UTF8)
    utf8 = _undecodable_line(path, "utf-8", marks)
    if utf8 is None:
        return _Sample(path).gb18030_after_all() if not marks else Encoding("utf-8", marks)
    # a mark at the start says UTF-8: other bytes further down are damage or a mixture
    gb18030 = utf8 if marks else _undecodable_line(path, "gb18030")
    if _Sample(path).is_damaged_utf8():
        return _damaged_utf8(path, marks)
    if gb18030 is None:
        return Encoding("gb18030")
    raise Unreadable(
        "L07-encoding",
        f"无法识别文件编码（按 UTF-8 读到第 {utf8} 行出错，按 GB18030 读到第 {gb18030} 行出错）；请另存为 UTF-8 或 GB18030",
        f"unknown encoding (no UTF-8 from line {utf8} on, no GB18030 from line {gb18030} on); save as UTF-8 or GB18030",
    )


# Signs that tables in any language hold: a file whose only other characters are these says nothing on its encoding.
_SIGNS = frozenset("²³¹°×·±µ‰′″Ωαβγδ÷§©®€£¥«»\u00a0")


class _Sample:
    """The characters of a file beside ASCII, read both ways: which of the two makes Chinese?"""

    _TAKEN = 8 << 20

    def __init__(self, path: Path) -> None:
        with path.open("rb") as handle:
            self._data = handle.read(self._TAKEN)
            cut = bool(handle.read(1))
        if cut:   # only whole lines
            self._data = self._data[: self._data.rfind(b"\n") + 1] or self._data

    def gb18030_after_all(self) -> Encoding:
        """The encoding of a file that UTF-8 can read: D4 AD C3 BA is 原煤 in GB18030 and ԭú in UTF-8."""
        if self._data.isascii():
            return Encoding("utf-8")
        other = set(self._data.decode("utf-8", "ignore")) - _SIGNS
        strange = {char for char in other if not char.isascii() and not _is_wide(char)}
        if not strange or any(_is_han(char) for char in other):
            return Encoding("utf-8")
        try:
            text = self._data.decode("gb18030")
        except UnicodeDecodeError:
            return Encoding("utf-8")
        if not all(_is_common(char) for char in text if not char.isascii()):
            return Encoding("utf-8")
        some = "".join(sorted(strange)[:10])
        return Encoding("gb18030", remarks=(Remark(
            0, None, "N08-encoding", f"文件的字节按 UTF-8 也能读出（“{some}”），但按 GB18030 才是中文，已按 GB18030 读取",
            f"the bytes could be UTF-8 as well ({some!r}), but only GB18030 makes Chinese of them: read as GB18030",
        ),))

    def is_damaged_utf8(self) -> bool:
        """True for a file that is UTF-8 with a few damaged characters (a name that was cut), and no mixture of encodings."""
        damaged = self._data.decode("utf-8", "replace")
        han = sum(_is_common(char) for char in damaged)
        lost = damaged.count("\ufffd")
        return han > 10 * lost


def _damaged_utf8(path: Path, marks: int) -> Encoding:
    with path.open("rb") as handle:
        lines = [n for n, line in enumerate(handle, 1) if not _is_utf8(line)]
    some = "、".join(map(str, lines[:20]))
    return Encoding("utf-8", marks, errors="replace", remarks=(Remark(
        0, None, "F09-damaged-text", f"文件是 UTF-8，但第 {some} 行有损坏的字节（字符被截断），损坏处以 � 代替",
        f"the file is UTF-8 with damaged bytes (cut characters) in the lines {', '.join(map(str, lines[:20]))}; they read as \ufffd",
    ),))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_han(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff"


def _is_wide(char: str) -> bool:
    """Chinese characters, their punctuation and full-width forms, and signs of three bytes."""
    return char >= "\u2000"


def _is_common(char: str) -> bool:
    """A character of GB 2312, which holds those in use; what is misread falls outside for the most part."""
    try:
        return len(char.encode("gb2312")) == 2
    except UnicodeEncodeError:
        return False


def field_separator(path: Path, encoding: Encoding) -> str:
    """The separator of the first line that has one (a title line has none)."""
    with encoding.open(path) as handle:
        while line := handle.readline(_LINE_LIMIT):
            if any(separator in line for separator in _SEPARATORS):
                return max(_SEPARATORS, key=line.count)
    return ","


class _BrokenLine(Exception):
    """A physical line that cannot begin or continue a record."""


class _Lines:
    """The physical lines of a CSV; those of a record that failed can be given back."""

    def __init__(self, handle: TextIO) -> None:
        self._handle = handle
        self._again: deque[str] = deque()
        self.taken: list[str] = []   # lines of the record being read

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= _RECORD_LINES:
            raise _BrokenLine("引号没有闭合", "a quote is never closed")
        line = self._again.popleft() if self._again else self._handle.readline(_LINE_LIMIT)
        if not line:
            raise StopIteration
        self.taken.append(line)
        if len(line) >= _LINE_LIMIT and not line.endswith(("\n", "\r")):
            while (rest := self._handle.readline(_LINE_LIMIT)) and not rest.endswith(("\n", "\r")):
                pass
            raise _BrokenLine(f"本行超过 {_LINE_LIMIT} 个字符", f"the line is longer than {_LINE_LIMIT} characters")
        return line

    def give_back(self) -> str:
        """Keep the first line of the record out, and read the others again."""
        first, *others = self.taken
        self._again.extendleft(reversed(others))
        self.taken = []
        return first


_ROW_OF_CSV = tuple[int, list[str]] | Malformed


class _Again:
    """Rows that can be gone through more than once: each time they are read anew."""

    def __init__(self, read: Callable[[], Iterator[_ROW_OF_CSV]]) -> None:
        self._read = read

    def __iter__(self) -> Iterator[_ROW_OF_CSV]:
        return self._read()


def _read_csv(path: Path) -> TextTable:
    encoding = text_encoding(path)
    separator = field_separator(path, encoding)
    return TextTable(
        _Again(lambda: _records(path, encoding, separator)), remarks=list(encoding.remarks), ragged=True, separator=separator,
        is_plain=lambda: not _may_hold_more(path, separator),
    )


def _may_hold_more(path: Path, separator: str) -> bool:
    """Whether a CSV may hold decimal commas, or a unit in a line beside the table: a file of any size is looked through for its bytes only."""
    comma = re.compile(rb'"[^",\n]*[0-9],[0-9]' if separator == "," else rb"[0-9],[0-9]")
    words = ["单位".encode(name) for name in ("utf-8", "gb18030")]
    units = 0
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK << 3):
            if comma.search(chunk):
                return True
            units += sum(chunk.count(word) for word in words)
            if units > 2:   # the header may name its column of units
                return True
    return False


def _records(path: Path, encoding: Encoding, separator: str) -> Iterator[_ROW_OF_CSV]:
    """The records of a CSV with the number of their first line. A line that is none is named; reading goes on behind it."""
    with encoding.open(path) as handle:
        lines = _Lines(handle)
        reader = csv.reader(lines, delimiter=separator, strict=True)
        number, width = 1, 0
        while True:
            try:
                cells = next(reader, None)
                if cells is not None and len(lines.taken) > 1 and _swallows(cells, width, separator):
                    raise _BrokenLine("引号位置不对，把后面的行并进了一个单元格", "a stray quote takes the lines behind it into one cell")
            except (csv.Error, _BrokenLine) as error:
                yield _broken_line(number, lines.give_back(), error)
                reader = csv.reader(lines, delimiter=separator, strict=True)
                number += 1
                continue
            if cells is None:
                return
            if any(len(cell) > CELL_LIMIT for cell in cells):
                words = f"单元格超过 {CELL_LIMIT} 个字符", f"a cell is longer than {CELL_LIMIT} characters"
                yield _broken_line(number, ",".join(cell[:50] for cell in cells[:50]), _BrokenLine(*words))
            else:
                yield number, cells
                width = max(width, len(cells))
            number += len(lines.taken)
            lines.taken = []


def _swallows(cells: list[str], width: int, separator: str) -> bool:
    """True when a cell of several lines holds whole records: two stray quotes, and what lies between them.

    `width` is the number of fields of the widest record so far.
    """
    if width < 3:
        return False
    inside = [cell.count(separator) for cell in cells if "\n" in cell or "\r" in cell]
    return (len(cells) != width and any(inside)) or any(count >= width - 1 for count in inside)


def _broken_line(number: int, text: str, error: Exception) -> Malformed:
    words = error.args if isinstance(error, _BrokenLine) else ("引号不成对或位置不对", f"quotes do not match: {error}")
    problem = Unreadable(
        "F04-broken-line", f"第 {number} 行不是完整的 CSV 记录（{words[0]}）", f"line {number} is no CSV record ({words[1]})"
    )
    return Malformed(number, 0, 0, text.rstrip("\r\n")[:200], problem)


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

    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)


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


def _parquet_rows(path: Path, names: list[str]) -> Iterator[_ROW_OF_CSV]:
    import polars as pl
    import pyarrow as pa
    import pyarrow.parquet as pq

    yield 0, names
    number = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=20_000):
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

    if values.dtype == pl.Date and not values.to_physical().drop_nulls().is_between(_FIRST_DAY, _LAST_DAY).all():
        raise ValueError("dates outside the years 1 to 9999")
    if isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone:
        values = values.dt.convert_time_zone("Asia/Shanghai").dt.replace_time_zone(None)
    if values.dtype == pl.Float32:
        values = values.cast(pl.String).cast(pl.Float64)
    return [_text(value) for value in values]
