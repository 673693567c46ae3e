"""A delivery as a file: Chinese headers, one of several layouts, byte for byte the same for the same content, with its sidecar."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import os
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path

import xlsxwriter
import yaml

from pipelines.contracts.source import Column, load_sources

SHANGHAI = dt.timezone(dt.timedelta(hours=8))
LICENCE = "合成演示数据，可自由使用 | synthetic demonstration data, free to use"
_NUMERIC = frozenset({"number", "percent", "year"})
_WIDE = str.maketrans("0123456789.", "０１２３４５６７８９．")
_CREATED = dt.datetime(
    2020, 1, 1
)  # an XLSX file carries a date of creation: fixed, so that equal content is equal bytes


@dataclass(frozen=True)
class Layout:
    """How a file is written: `titles` rows above the header (XLSX), a 合计 row below, thousands separators, full-width digits."""

    suffix: str = "csv"
    encoding: str = "utf-8"
    titles: tuple[str, ...] = ()
    total: bool = False
    thousands: bool = False
    wide: bool = False


@dataclass
class Delivery:
    """One file to be written.

    Attributes:
        source, name: folder and file name (without suffix) below the inbox; rows: texts in the order of the contract's columns;
        received_at: wall clock Asia/Shanghai; and of planted faults: headers replace the contract's, cut is the share of the bytes kept,
        second_encoding that of the file's second half, checksum what the sidecar says in place of the true one.
    """

    source: str
    name: str
    rows: list[list[str]]
    received_at: dt.datetime
    period: str
    sender: str
    document: str
    layout: Layout = field(default_factory=Layout)
    headers: list[str] | None = None
    cut: float | None = None
    second_encoding: str | None = None
    checksum: str | None = None

    @property
    def path(self) -> str:
        """Path below the folder of all deliveries."""
        return f"{self.source}/{self.name}.{self.layout.suffix}"

    def row_no(self, index: int) -> int:
        """Physical line of a CSV (header = 1) or sheet row of an XLSX for the row at that index."""
        return len(self.layout.titles) + index + 2


@cache
def columns_of(source: str) -> tuple[Column, ...]:
    """The columns of a source in the contract's order."""
    return load_sources()[source].columns


def content(delivery: Delivery) -> bytes:
    """The bytes of the file."""
    headers = delivery.headers or [column.zh for column in columns_of(delivery.source)]
    rows = _laid_out(delivery)
    data = _xlsx(delivery, headers, rows) if delivery.layout.suffix == "xlsx" else _csv(delivery, headers, rows)
    return data if delivery.cut is None else data[: int(len(data) * delivery.cut)]


def write_delivery(out: Path, delivery: Delivery) -> None:
    """Write file and sidecar; both bear the time of receipt. The data file appears at once, after its sidecar."""
    data = content(delivery)
    path = out / delivery.path
    path.parent.mkdir(parents=True, exist_ok=True)
    moment = delivery.received_at.replace(tzinfo=SHANGHAI)
    _place(path.with_name(path.name + ".meta.yml"), _sidecar(delivery, moment, data), moment)
    _place(path, data, moment)


def _place(path: Path, data: bytes, moment: dt.datetime) -> None:
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_bytes(data)
    os.utime(temporary, (moment.timestamp(), moment.timestamp()))
    temporary.replace(path)


def _sidecar(delivery: Delivery, moment: dt.datetime, data: bytes) -> bytes:
    fields: dict[str, str | bool] = {
        "sender": delivery.sender,
        "received_at": moment.isoformat(),
        "period": delivery.period,
        "document": delivery.document,
        "document_date": moment.date().isoformat(),
        "licence": LICENCE,
        "synthetic": True,
        "sha256": delivery.checksum or hashlib.sha256(data).hexdigest(),
    }
    return sidecar_text(fields).encode()


def sidecar_text(fields: dict[str, str | bool]) -> str:
    """The fields of a sidecar as they are written, one a line."""
    return yaml.safe_dump(fields, allow_unicode=True, sort_keys=False, width=1000)


def _laid_out(delivery: Delivery) -> list[list[str]]:
    """The rows as they stand in the file: spelling of numbers, total row."""
    layout = delivery.layout
    rows = delivery.rows
    if delivery.headers is not None:
        return rows
    numbers = [i for i, column in enumerate(columns_of(delivery.source)) if column.type == "number"]
    total = [_total(delivery)] if layout.total and rows else []
    if layout.thousands:
        rows = [[_thousands(cell) if i in numbers else cell for i, cell in enumerate(row)] for row in rows]
    if layout.wide:
        rows = [[cell.translate(_WIDE) if i in numbers else cell for i, cell in enumerate(row)] for row in rows]
    return rows + total


def _thousands(text: str) -> str:
    whole, point, fraction = text.partition(".")
    return f"{int(whole):,}{point}{fraction}" if whole.isdigit() else text


def _total(delivery: Delivery) -> list[str]:
    source = load_sources()[delivery.source]
    row = [""] * len(source.columns)
    row[0] = "合计"
    for index, column in enumerate(source.columns):
        if column.name == source.quantity:
            row[index] = str(sum((_decimal(cells[index]) for cells in delivery.rows), Decimal(0)))
    return row


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError:
        return Decimal(0)


def _csv(delivery: Delivery, headers: list[str], rows: list[list[str]]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n" if delivery.layout.encoding == "gb18030" else "\n")
    writer.writerow(headers)
    writer.writerows(rows)
    text = buffer.getvalue()
    if delivery.second_encoding is None:
        return text.encode(delivery.layout.encoding)
    half = text.index("\n", len(text) // 2) + 1
    return text[:half].encode(delivery.layout.encoding) + text[half:].encode(delivery.second_encoding)


def _xlsx(delivery: Delivery, headers: list[str], rows: list[list[str]]) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.set_properties({"title": delivery.document, "created": _CREATED})
    sheet = book.add_worksheet("填报表")
    bold = book.add_format({"bold": True})
    for number, title in enumerate(delivery.layout.titles):
        sheet.write_string(number, 0, title, bold)
    top = len(delivery.layout.titles)
    for column, header in enumerate(headers):
        sheet.write_string(top, column, header, bold)
    numeric = [column.type in _NUMERIC for column in columns_of(delivery.source)]
    for number, row in enumerate(rows, top + 1):
        for column, text in enumerate(row):
            if not text:
                continue
            value = _number(text) if numeric[column] else None
            if value is None:
                sheet.write_string(number, column, text)
            else:
                sheet.write_number(number, column, value)
    book.close()
    return buffer.getvalue()


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
