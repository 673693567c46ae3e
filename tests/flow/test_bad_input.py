"""Whatever is dropped into the inbox gets a verdict with a reason, and the night goes on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from tests.conftest import ROOT, begin, query, run_night_here
from tests.deliveries import OLD, beside, deliver, raw, register_row, uscc

GOOD = {"period": "2025-11", "energy": "柴油", "unit": "t", "consumed": 10}
HEADER = "uscc,period,energy,unit,consumed\n"


@contextmanager
def writes() -> Iterator[set[Path]]:
    """The files that this process opens to write, and the folders that it makes, as Python tells of them."""
    found: set[Path] = set()
    listening = True

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if not listening:
            return
        to_write = event == "os.mkdir" or (event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        if to_write and isinstance(arguments[0], str | bytes | os.PathLike):
            found.add(Path(os.path.abspath(os.fsdecode(arguments[0]))))

    sys.addaudithook(hook)   # it cannot be taken away again
    try:
        yield found
    finally:
        listening = False


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("bad")
    inbox = root / "inbox"
    deliver(inbox, "enterprise_register", "register.csv", [register_row(1, "24-other-industry", "3012")])
    source = "enterprise_energy"
    deliver(inbox, source, "good.csv", [{"uscc": uscc(1), **GOOD}])
    raw(inbox, source, "empty.csv", b"")
    raw(inbox, source, "header_only.csv", HEADER.encode())
    raw(inbox, source, "wrong_columns.csv", "日期,金额\n2025-11,3\n".encode())
    raw(inbox, source, "utf16.csv", (HEADER + f"{uscc(1)},2025-11,柴油,t,10\n").encode("utf-16"))
    raw(inbox, source, "nul.csv", (HEADER + f"{uscc(1)},2025-11,柴油,t,10\x00\n").encode())
    raw(inbox, source, "neither.csv", HEADER.encode() + b"\xff\xfe\xff\x81,2025-11\n")
    raw(inbox, source, "truncated.xlsx", b"PK\x03\x04 this is not the whole workbook")
    raw(inbox, source, "notes.docx", b"whatever")
    raw(inbox, "enterprise_enrgy", "typo.csv", b"a,b\n1,2\n")
    (inbox / source / "folder.csv").mkdir()
    (inbox / source / "link.csv").symlink_to("/etc/hostname")
    os.mkfifo(inbox / source / "pipe.csv")
    pipe = raw(inbox, source, "side.csv", HEADER.encode() + b"1\n").with_name("side.csv.meta.yml")
    os.mkfifo(pipe)
    os.utime(pipe, (OLD, OLD))
    raw(inbox, source, os.fsdecode(b"odd\xff\n.csv"), HEADER.encode() + b"2\n")
    sheet = raw(inbox, source, "stray.xlsx", b"")
    with xlsxwriter.Workbook(sheet) as book:
        book.add_worksheet().write(1_048_575, 16_383, "x")
    os.utime(sheet, (OLD, OLD))
    quoted = "".join(f"{uscc(1)},2025-0{month},柴油,t,10\n" for month in range(1, 5))
    quote = raw(inbox, source, "quote.csv", f'{HEADER}{uscc(1)},2024-12,"柴油,t,10\n{quoted}'.encode())
    beside(quote, "received_at: 2026-01-10\nsynthetic: true\n")
    row = {"uscc": uscc(1), **GOOD}
    deliver(inbox, source, "rows.csv", [
        {**row, "period": "2025-10", "unit_code": "A"}, {**row, "period": "2025-10", "unit_code": "B"},
        {**row, "period": "2025-10", "unit_code": "C"}, {**row, "period": "2025-10", "unit_code": "D"},
        {**row, "period": "2025-10", "unit_code": "E"}, {**row, "period": "2025-10", "unit_code": "F"},
        {**row, "period": "2025-10", "unit_code": "G"}, {**row, "period": "2025-10", "unit_code": "H"},
        {**row, "period": "2026-12"}, {**row, "uscc": uscc(99)}, {**row, "energy": "神秘燃料", "unit_code": "X"},
        {**row, "unit": "桶", "unit_code": "Y"}, {**row, "period": "2025-09", "consumed": 1},
        {**row, "period": "2025-09", "consumed": 2}, {**row, "period": "2025-08", "consumed": "1e14"},
        {**row, "period": "2025-07", "stream": "=cmd|' /C calc'!A0"},
    ])
    begin(root / "data")
    with writes() as written:
        result = run_night_here(inbox, root / "data")
    assert written and not [path for path in written if path.is_relative_to(ROOT) and path.parent.name != "__pycache__"], "an installation may be read only"
    assert result.outcome == "published" and result.exit_code == 3
    return root / "data" / "marts" / "carbon.duckdb"


@pytest.mark.parametrize("name", [
    "empty.csv", "header_only.csv", "wrong_columns.csv", "utf16.csv", "nul.csv", "neither.csv", "truncated.xlsx", "notes.docx",
    "folder.csv", "link.csv", "pipe.csv", "side.csv", "odd\\xff\\n.csv", "stray.xlsx",
])
def test_a_file_that_is_no_delivery_is_refused_with_its_reason(night: Path, name: str) -> None:
    rows = query(night, "select outcome, rows_accepted, rows_received = rows_quarantined, reason from quality.batch where source = 'enterprise_energy' and file_name = ?", name)
    assert len(rows) == 1
    outcome, accepted, balanced, reason = rows[0]
    assert (outcome, accepted, balanced) == ("refused", 0, True)
    assert " | " in reason or "；" in reason


def test_an_unknown_source_folder_is_a_refused_batch(night: Path) -> None:
    assert query(night, "select count(*) from quality.batch where source = 'enterprise_enrgy' and outcome = 'refused'") == [(1,)]


@pytest.mark.parametrize(("row_no", "column"), [(10, "period"), (11, "uscc"), (12, "energy"), (13, "unit"), (14, None), (15, None), (16, None), (17, "stream")])
def test_a_row_that_is_not_in_order_is_quarantined_with_words(night: Path, row_no: int, column: str | None) -> None:
    rows = query(
        night, """select f.column_name, f.message_zh, f.message_en, f.advice_zh from quality.failed_row f join quality.batch b using (batch_id)
                  where b.file_name = 'rows.csv' and f.row_no = ? and f.severity = 'warning'""", row_no,
    )
    assert rows and all(zh and en and advice for _, zh, en, advice in rows)
    if column:
        assert column in {name for name, *_ in rows}


def test_the_good_rows_stand(night: Path) -> None:
    assert query(night, "select rows_accepted, rows_quarantined, outcome from quality.batch where file_name = 'rows.csv'") == [(8, 8, "accepted_in_part")]
    assert query(night, "select count(*) from marts.fct_enterprise_emission_line where emission_source = 'fuel'") == [(13,)]


def test_an_open_quote_holds_its_line_and_the_rest_enters(night: Path) -> None:
    assert query(night, "select rows_received, rows_accepted, rows_quarantined from quality.batch where file_name = 'quote.csv'") == [(5, 4, 1)]
    assert query(night, "select f.row_no, f.check_id from quality.failed_row f join quality.batch b using (batch_id) where b.file_name = 'quote.csv' and f.severity = 'warning'") == [(2, "F04-broken-line")]
