"""Spoiled copies of real deliveries: bytes turned, files cut, cells, headers, encodings, workbook parts, column types and sidecars replaced.

Deterministic by seed. What a mutant means is not known: only that it must get a verdict, and that its neighbours must not suffer.
"""

from __future__ import annotations

import csv
import io
import os
import random
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NASTY = (
    "9999-12-31 24:00:00", "0000-01-01 00:00:00", "9999-12-31", "0001-01", "2025-02-30", "2025-13", "73050", "-700000", "12:00", "NaN", "inf", "-inf",
    "1e308", "-1e308", "1e400", "1e-400", "999999999999999", "9" * 400, "9" * 5000, "-0", "0x10", "1_000", "١٢٣", "²", "1,234,567.89", "1.234,56",
    "５％", "101%", "\u202e贵阳", "\u200b", "a\x01b\x1b[31m", "\x7f", "=cmd|' /C calc'!A0", "@SUM(1+1)", "<script>alert(1)</script>", "'; drop table batch; --",
    "{{7*7}}", "%s%n", "../../../etc/passwd", "a\nb", 'a"b', "\\", "NULL", "是", "万吨", "520000", "合计", "注：", "\ufeff", "\U0010ffff", "🏭" * 1000, "a" * 32768,
    "2025-10-01T00:00:00+99:99", "2025-10-01 25:00", "1e15", "-5", "",
)
_NASTY_NUMBERS = ("1e308", "-1e308", "1e400", "NaN", "INF", "99999999", "-1", "2958466", "-700000", "1e-320", "", "9" * 400, "&#x202E;")
_SIDECARS = (
    b"", b"\xff\xfe", b"- a\n- b\n", b"received_at: 9999-12-31 24:00\n", b"received_at: 0001-01-01\n", b"received_at: [1, 2]\n", b"synthetic: vielleicht\n",
    b"a: &a [*a]\n", b"sha256: 00\n", b"received_at: 2026-06-01\nreceived_at: 2026-06-02\n", b"sender: \"\\u202e\\u0007x\"\nsynthetic: true\n", b"!!python/object:os.system {}\n",
    b"received_at: 2026-06-01T00:00:00+99:00\n", b"document_date: 2026-02-31\n", b"x: " + b"y" * 70_000, b"synthetic: true\nreceived_at: 2026-06-01\nperiod: 1850-01\n",
)


@dataclass(frozen=True)
class Mutant:
    """A spoiled delivery; `sidecar` None = it has none."""

    source: str
    suffix: str
    kind: str
    data: bytes
    sidecar: bytes | None


def mutants(inbox: Path, count: int, seed: int) -> Iterator[Mutant]:
    """`count` mutants of the files of an inbox, its sources in turn."""
    dice = random.Random(seed)
    files: dict[str, list[Path]] = {}
    for path in sorted(inbox.rglob("*")):
        if path.suffix in _WAYS and path.is_file():
            files.setdefault(path.relative_to(inbox).parts[0], []).append(path)
    sources = sorted(files)
    for number in range(count):
        source = sources[number % len(sources)]
        path = dice.choice(files[source])
        data, suffix = path.read_bytes(), path.suffix
        if suffix == ".csv" and dice.random() < 0.25:
            data, suffix = _as_parquet(data), ".parquet"
        kind, data = _spoil(dice, data, suffix)
        sidecar: bytes | None = b"received_at: 2026-06-01\nsynthetic: true\n"
        if dice.random() < 0.1:
            kind, data, suffix = "sidecar", path.read_bytes() + b"\n" * number, path.suffix
            sidecar = dice.choice((*_SIDECARS, None))
        yield Mutant(source, suffix, kind, data, sidecar)


def lay(inbox: Path, found: Iterator[Mutant]) -> dict[str, str]:
    """Write mutants as deliveries that are old enough to be taken; `<source>/<file>` -> kind."""
    kinds = {}
    for number, mutant in enumerate(found):
        path = inbox / mutant.source / f"mutant{number:05d}{mutant.suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(mutant.data)
        os.utime(path, (1_764_000_000, 1_764_000_000))
        if mutant.sidecar is not None:
            sidecar = path.with_name(path.name + ".meta.yml")
            sidecar.write_bytes(mutant.sidecar)
            os.utime(sidecar, (1_764_000_000, 1_764_000_000))
        kinds[f"{mutant.source}/{path.name}"] = mutant.kind
    return kinds


def _spoil(dice: random.Random, data: bytes, suffix: str) -> tuple[str, bytes]:
    name, way = dice.choice((*_ANY, *_WAYS[suffix]))
    try:
        return name, way(dice, data)
    except (ValueError, LookupError, UnicodeError, zipfile.BadZipFile, csv.Error):
        return "flipped", _flipped(dice, data)   # this way does not go with this file


def _flipped(dice: random.Random, data: bytes) -> bytes:
    spoiled = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 5, 50)) if spoiled else 0):
        spoiled[dice.randrange(len(spoiled))] = dice.randrange(256)
    return bytes(spoiled)


def _cut(dice: random.Random, data: bytes) -> bytes:
    return data[: dice.randrange(len(data) + 1)]


def _inserted(dice: random.Random, data: bytes) -> bytes:
    place = dice.randrange(len(data) + 1)
    return data[:place] + dice.choice((b'"', b"\x00", b"\r\n", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1a", b"\x81\x30", b'"' * 1001)) + data[place:]


_Way = tuple[str, Callable[[random.Random, bytes], bytes]]
_ANY: tuple[_Way, ...] = (("flipped", _flipped), ("cut", _cut), ("inserted", _inserted))


# --- CSV -------------------------------------------------------------------------------------------------------------


def _of_rows(change: Callable[[random.Random, list[list[str]]], None], encodings: tuple[str, ...] = ("utf-8",), separators: str = ",") -> Callable[[random.Random, bytes], bytes]:
    def way(dice: random.Random, data: bytes) -> bytes:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("gb18030")
        separator = max(",;\t", key=text.partition("\n")[0].count)
        rows = list(csv.reader(io.StringIO(text), delimiter=separator))[:300]
        change(dice, rows)
        out = io.StringIO()
        csv.writer(out, delimiter=dice.choice(separators)).writerows(rows)
        return out.getvalue().encode(dice.choice(encodings), "replace")

    return way


def _cells(dice: random.Random, rows: list[list[str]]) -> None:
    for _ in range(dice.choice((1, 3, 10, 50))):
        row = rows[dice.randrange(1, len(rows))]
        row[dice.randrange(len(row))] = dice.choice(NASTY)


def _column(dice: random.Random, rows: list[list[str]]) -> None:
    place = dice.randrange(len(rows[0]))
    for row in rows[1:]:
        row[min(place, len(row) - 1)] = dice.choice(NASTY)


def _header(dice: random.Random, rows: list[list[str]]) -> None:
    dice.shuffle(rows[0])
    rows[0] = rows[0] + [dice.choice(NASTY)] if dice.random() < 0.5 else rows[0] * dice.choice((1, 2, 50))


def _twice(dice: random.Random, rows: list[list[str]]) -> None:
    rows.extend(rows[1:] * dice.choice((1, 2)))


def _nothing(dice: random.Random, rows: list[list[str]]) -> None:
    del dice, rows


_CSV: tuple[_Way, ...] = (
    ("cells", _of_rows(_cells)), ("more cells", _of_rows(_cells)), ("column", _of_rows(_column)), ("header", _of_rows(_header)), ("rows twice", _of_rows(_twice)),
    ("encoding", _of_rows(_nothing, ("utf-16", "utf-32", "big5", "cp1252", "utf-8-sig"))), ("separator", _of_rows(_nothing, separators=";\t|")),
)


# --- XLSX ------------------------------------------------------------------------------------------------------------


def _of_sheet(change: Callable[[random.Random, str], str]) -> Callable[[random.Random, bytes], bytes]:
    def way(dice: random.Random, data: bytes) -> bytes:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            parts = {name: book.read(name) for name in book.namelist()}
        sheet = dice.choice([name for name in parts if name.startswith("xl/worksheets/sheet")])
        parts[sheet] = change(dice, parts[sheet].decode("utf-8")).encode("utf-8", "replace")
        return _zipped(parts)

    return way


def _zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for name, part in parts.items():
            book.writestr(name, part)
    return out.getvalue()


def _sheet_values(dice: random.Random, text: str) -> str:
    return re.sub(r"<v>[^<]*</v>", lambda m: f"<v>{dice.choice(_NASTY_NUMBERS)}</v>" if dice.random() < 0.1 else m[0], text)


def _sheet_types(dice: random.Random, text: str) -> str:
    kinds = ("d", "b", "e", "n", "str", "inlineStr", "s", "zzz")
    return re.sub(r'<c r="([A-Z]+\d+)"[^>]*>', lambda m: f'<c r="{m[1]}" t="{dice.choice(kinds)}">' if dice.random() < 0.2 else m[0], text)


def _sheet_places(dice: random.Random, text: str) -> str:
    places = ("ZZZ1", "A0", "XFD1048576", "XFE1", "A99999999999", "", "-1")
    return re.sub(r' r="[A-Z]+\d+"', lambda m: f' r="{dice.choice(places)}"' if dice.random() < 0.05 else m[0], text)


def _sheet_entities(dice: random.Random, text: str) -> str:
    bomb = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10 if i else "A" * 10}">' for i in range(dice.choice((1, 8))))
    text = re.sub(r"<\?xml[^>]*\?>", lambda m: f'{m[0]}<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">{bomb}]>', text, count=1)
    return re.sub(r"<v>[^<]*</v>", "<v>&x;&a0;</v>", text, count=3)


def _part_missing(dice: random.Random, data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    del parts[dice.choice(sorted(parts))]
    return _zipped(parts)


_XLSX: tuple[_Way, ...] = (
    ("values", _of_sheet(_sheet_values)), ("types", _of_sheet(_sheet_types)), ("places", _of_sheet(_sheet_places)), ("entities", _of_sheet(_sheet_entities)),
    ("part missing", _part_missing),
)


# --- Parquet ---------------------------------------------------------------------------------------------------------


def _as_parquet(data: bytes) -> bytes:
    """A CSV as a Parquet file of texts; lines with another number of cells are left out."""
    import pyarrow as pa

    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030", "replace")
    header, *rows = list(csv.reader(io.StringIO(text)))[:300]
    rows = [row for row in rows if len(row) == len(header)]
    return _parquet(pa.table([pa.array([row[place] for row in rows], pa.string()) for place in range(len(header))], names=header))


def _parquet_column(dice: random.Random, data: bytes) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(data)).slice(0, 300)
    place, rows = dice.randrange(table.num_columns), table.num_rows
    return _parquet(table.set_column(place, table.column_names[place], _odd_array(dice, rows, pa)))


def _odd_array(dice: random.Random, rows: int, pa: Any) -> Any:
    def whole(low: int, high: int) -> list[int]:
        return [dice.randrange(low, high) for _ in range(rows)]

    makers: tuple[Callable[[], Any], ...] = (
        lambda: pa.array(whole(-(2**62), 2**62), pa.timestamp("ns")), lambda: pa.array(whole(-(2**63), 2**63), pa.timestamp("us")),
        lambda: pa.array(whole(-(2**63), 2**63), pa.timestamp("s")), lambda: pa.array(whole(-(2**31), 2**31), pa.int32()).cast(pa.date32()),
        lambda: pa.array(whole(0, 86_399), pa.time32("s")), lambda: pa.array(whole(-(2**62), 2**62), pa.duration("us")), lambda: pa.array(whole(0, 2**64), pa.uint64()),
        lambda: pa.array([dice.choice((float("nan"), float("inf"), 1e308, -1e308)) for _ in range(rows)]), lambda: pa.nulls(rows),
        lambda: pa.array([dice.choice(NASTY) for _ in range(rows)]).dictionary_encode(), lambda: pa.array([dice.choice(NASTY) for _ in range(rows)], pa.large_string()),
        lambda: pa.array([True] * rows), lambda: pa.array([[1, 2]] * rows), lambda: pa.array([{"a": 1}] * rows), lambda: pa.array([b"\xff\x00"] * rows),
        lambda: pa.array(whole(0, 2 * 10**9), pa.timestamp("s", tz="America/New_York")),
    )
    return dice.choice(makers)()


def _parquet_names(dice: random.Random, data: bytes) -> bytes:
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(data)).slice(0, 300)
    names = list(table.column_names)
    names[dice.randrange(len(names))] = dice.choice((names[0], names[0].upper(), "", "a'b\"c", "\x00", "row_no", "file_row_number", names[-1] + "(万吨)"))
    return _parquet(table.rename_columns(names))


def _parquet(table: Any) -> bytes:
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


_WAYS: dict[str, tuple[_Way, ...]] = {
    ".csv": _CSV, ".xlsx": _XLSX, ".parquet": (("odd column", _parquet_column), ("odd column", _parquet_column), ("names", _parquet_names)),
}
