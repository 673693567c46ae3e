"""The files that people take away: right in a spreadsheet whatever a deliverer wrote, the same bytes every time."""

from __future__ import annotations

import csv
import hashlib
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from pipelines.contracts.text import safe_text
from pipelines.publish.downloads import About, write_downloads
from pipelines.publish.verify import verify
from pipelines.warehouse.duck import connect
from tests.unit.publish_build import A, info, publish, settings_for, write_build

ABOUT = About("20250331-aaaaaaaaaa", date(2025, 3, 31), True, "AR5")
HOSTILE = [
    "贵阳铝业", "=HYPERLINK(\"http://x\")", "+1", "-1", "-1+1", "@SUM(A1)", "＝1", "\t=1", "<script>alert('x')</script>&amp;", 'say "hi", all', "😀🏭", "长" * 40, "\u202egnp.exe",
    "a\x00b\x07c\x1bd", "line\nbreak\r\nend", "", None, " blank ", "-0.5",
]


def _mended(text: str | None) -> str | None:
    """What a reader finds of a text: control characters as U+FFFD, no formula."""
    return text if text is None else safe_text("".join("\ufffd" if c in "\x00\x07\x1b" else c for c in text))


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """The downloads of one table whose names are what deliverers can write."""
    with connect() as db:
        db.execute("attach ':memory:' as sealed")
        db.execute("create schema sealed.marts; create schema sealed.reference")
        db.execute("create table sealed.marts.fct_x (place bigint, name varchar, amount decimal(18, 3), ratio double, day date, moment timestamp, is_synthetic boolean)")
        for place, name in enumerate(HOSTILE):
            db.execute("insert into sealed.marts.fct_x values (?, ?, 1.5, case when ? % 2 = 0 then 0.25 end, '2025-02-28', '2025-02-28 13:30:00', true)", [place, name, place])
        db.execute("insert into sealed.marts.fct_x values (99, 'nan', -2.000, 'nan'::double, null, null, null)")
        db.execute("comment on table sealed.marts.fct_x is '甲 <b> | A <b>'; comment on column sealed.marts.fct_x.amount is '量 | Amount [tCO2e]'")
        db.execute("create table sealed.reference.legend (list varchar, code varchar, name_zh varchar, name_en varchar, unit varchar, place bigint, list_zh varchar, list_en varchar, used_in varchar, home varchar)")
        write_downloads(db, "sealed", ABOUT, tmp_path / "downloads", None)
    return tmp_path / "downloads"


def test_a_csv_holds_what_was_delivered_and_no_formula(hostile: Path) -> None:
    raw = (hostile / "marts.fct_x.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfplace,name,amount")
    rows = list(csv.reader(raw.decode("utf-8-sig").splitlines(keepends=True)))
    assert len(rows) == len(HOSTILE) + 2
    by_place = {int(row[0]): row for row in rows[1:]}
    for place, name in enumerate(HOSTILE):
        assert by_place[place][1] == (_mended(name) or "") and by_place[place][2:5] == ["1.500", "0.25" if place % 2 == 0 else "", "2025-02-28"]
    lines = raw.decode("utf-8-sig").split("\r\n")
    assert any(line.startswith('15,"",') for line in lines) and any(line.startswith("16,,") for line in lines), "the empty text is not the missing value"


def test_a_workbook_holds_the_same_with_numbers_days_and_notes(hostile: Path) -> None:
    book = CalamineWorkbook.from_path(str(hostile / "marts.fct_x.xlsx"))
    assert book.sheet_names == ["演示数据", "说明"]
    header, *rows = book.get_sheet_by_index(0).to_python()
    assert header == ["place", "name", "amount", "ratio", "day", "moment", "is_synthetic"]
    by_place = {int(row[0]): row for row in rows}
    for place, name in enumerate(HOSTILE):
        assert by_place[place][1] == (_mended(name) or "")
        assert by_place[place][2:] == [1.5, 0.25 if place % 2 == 0 else "", date(2025, 2, 28), datetime(2025, 2, 28, 13, 30), True]
    assert by_place[99] == [99, "nan", -2.0, "", "", "", ""]
    notes = book.get_sheet_by_index(1).to_python()
    said = {row[0]: row[1] for row in notes}
    assert said["版本 | release"] == ABOUT.release_id and "SYNTHETIC" in said["数据性质 | nature"] and said["知识截止日 | knowledge date"] == date(2025, 3, 31)
    assert ["amount", "量", "Amount [tCO2e]", "tCO2e", "decimal(18,3)"] in [row[:5] for row in notes]


def test_the_dictionary_shows_no_html_of_others_and_the_package_fits_its_files(hostile: Path) -> None:
    page = (hostile / "dictionary.html").read_text("utf-8")
    assert "甲 &lt;b&gt;" in page and "<b>" not in page and "http" not in page.replace("http-equiv", "")
    package = json.loads((hostile / "datapackage.json").read_text("utf-8"))
    [resource] = [one for one in package["resources"] if one["path"] == "marts.fct_x.csv"]
    raw = (hostile / resource["path"]).read_bytes()
    assert resource["bytes"] == len(raw) and resource["hash"] == f"sha256:{hashlib.sha256(raw).hexdigest()}"
    fields = {field["name"]: field for field in resource["schema"]["fields"]}
    assert {name: field["type"] for name, field in fields.items()} == {
        "place": "integer", "name": "string", "amount": "number", "ratio": "number", "day": "date", "moment": "any", "is_synthetic": "boolean"}
    assert fields["amount"]["unit"] == "tCO2e" and package["is_synthetic"] is True


def _release(tmp_path: Path, **more: Any) -> tuple[Any, Path]:
    settings = settings_for(tmp_path / "data", **more)
    publish(settings, write_build(tmp_path / "build.duckdb"), info())
    return settings, settings.marts / "downloads"


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_release_has_its_downloads_and_verify_knows_them(tmp_path: Path) -> None:
    """Also one that lacks most tables: what is there is written. The same release is the same bytes."""
    settings, folder = _release(tmp_path, downloads=True)
    found = _bytes(folder)
    assert {"datapackage.json", "dictionary.html", "marts.fct_total_year.csv", "marts.fct_total_year.xlsx", f"enterprise/{A}.csv"} <= found.keys()
    assert verify(settings) == []
    assert _bytes(_release(tmp_path / "again", downloads=True)[1]) == found
    _, *lines = csv.reader(found[f"enterprise/{A}.csv"].decode("utf-8-sig").splitlines(keepends=True))
    assert len(lines) == 5 and {line[0] for line in lines} == {A}, "five lines of its own, and nobody else's"
    file = folder.resolve() / "marts.fct_total_year.csv"
    file.chmod(0o644)
    file.write_bytes(file.read_bytes().replace(b"520000", b"520001", 1))
    assert [problem for problem in verify(settings) if "downloads/marts.fct_total_year.csv" in problem]


def test_downloads_can_be_switched_off(tmp_path: Path) -> None:
    settings, folder = _release(tmp_path)
    assert not folder.exists() and verify(settings) == []
