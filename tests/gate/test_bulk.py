"""Files judged in bulk get the verdict that the same rows get one by one: rows, findings, counts, moments, whatever the format."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.contracts.source import load_sources
from pipelines.gate.bulk import judge_bulk
from pipelines.gate.delivery import Delivery
from pipelines.gate.findings import finding_frame
from pipelines.gate.judge import judge
from pipelines.gate.on_disk import Workbench
from pipelines.gate.promote import promote
from pipelines.gate.standard import Standard
from pipelines.gate.suite import Suite
from pipelines.gate.verdict import Judgement
from pipelines.ingest.bulk import land
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.read import read_file
from pipelines.warehouse.duck import bounded
from pipelines.warehouse.lake import Lake
from pipelines.warehouse.registry import Registry
from tests.gate.cases import CODES, RECEIVED, known_enterprises, suite_of

METER = load_sources()["meter_reading"]
HEADER = [column.zh for column in METER.columns]
BATCH = "meter_reading-000000000000"
A, NEW = CODES["A"], CODES["NEW"]


def reading(hour: int = 0, *, uscc: str = A, meter: str = "M1", energy: str = "电力", ts: str | None = None, value: str = "12.5",
            unit: str = "kWh", quality: str = "") -> list[str]:
    return [uscc, meter, energy, ts if ts is not None else f"2025-11-{1 + hour // 24:02d} {hour % 24:02d}:00", value, unit, quality]


CLEAN = [reading(hour) for hour in range(30)]
DIRTY = [
    *CLEAN,
    reading(3), reading(4, value="12500.0", unit="Wh"), reading(5, value="12.6"), reading(6, value="0.0125", unit="MWh"),
    reading(0, meter="M2", value="-1"), reading(1, meter="M2", value="1,250.5"), reading(2, meter="M2", value="约三"),
    reading(3, meter="M2", ts="昨天"), reading(4, meter="M2", ts="2025/11/1 4:00"), reading(5, meter="M2", ts="2025-11-01 24:00"),
    reading(6, meter="M2", energy="不存在"), reading(7, meter="M2", unit="市斤"), reading(8, meter="M2", quality="异常"),
    reading(9, meter="M2", quality="什么"), reading(10, meter="M2", value=""), reading(11, meter="—"),
    reading(0, uscc=A[:17]), reading(1, uscc=NEW), reading(2, uscc=NEW, value="-2"), reading(0, ts="2026-01-01 00:00"),
    reading(0, ts="2009-01-01 00:00"), reading(0, meter="Ｍ３"), reading(1, meter=" M3 ", value="1e3"), ["", "", "", "", "", "", ""],
    ["合计", "", "", "", "99", "", ""], ["贵阳市小计", "", "", "", "9", "", ""], ["", "2025年合计", "", "", "9", "", ""],
    reading(12, meter="M2", value="-0"), reading(13, meter="M2", value="0"), reading(13, meter="M2", value="-0.0"),
    reading(14, meter="M2", value="1e15"), reading(15, meter="M2", value="10²"), [A, "M4", "电力"], [*reading(1, meter="M4"), ""], [*reading(2, meter="M4"), "多"],
]
REFUSED = [*[reading(hour, uscc=NEW) for hour in range(20)], *CLEAN[:19]]
LATE = [*[reading(hour, uscc=NEW) for hour in range(20)], *CLEAN[:15], reading(16, value="-1")]


@dataclass
class Verdict:
    """What must not depend on the road: all of a verdict, in an order of its own."""

    refused_by: str | None
    passes_from: datetime | None
    waiting: bool
    received: int
    checks: list[tuple]
    findings: list[tuple]
    accepted: list[tuple]
    quantity: tuple[float, float]


def write(rows: list[list[str]], path: Path, *, encoding: str = "utf-8", quotes: bool = False, title: bool = False,
          header: list[str] = HEADER) -> Path:
    if path.suffix == ".parquet":
        typed = [[*row, *[""] * (7 - len(row))][:7] for row in rows]
        pl.DataFrame(typed, schema=dict.fromkeys(HEADER, pl.String), orient="row").write_parquet(path)
        return path
    with path.open("w", encoding=encoding, newline="") as handle:
        if title:
            handle.write("计量点读数\n\n")
        writer = csv.writer(handle, quoting=csv.QUOTE_ALL if quotes else csv.QUOTE_MINIMAL, delimiter=";")
        writer.writerows([header, *rows])
        if quotes:
            handle.write('"a quote that is never closed\n')
    return path


def one_by_one(path: Path, known: pl.DataFrame, suite: Suite) -> Verdict:
    delivery = Delivery(BATCH, METER, RECEIVED, False, False)
    read = read_file(path, METER)
    delivery.rows, delivery.notes, delivery.note_rows = read.typed.frame, read.typed.notes, read.typed.note_rows
    delivery.remarks = read.table.remarks
    delivery.malformed, delivery.unknown_headers = read.table.malformed, read.table.unknown_headers
    (judged,) = judge(Standard(METER, suite, known, 0.5), [delivery])
    load = judged.load
    accepted = load.accepted.select("row_no", "uscc", "ts", "value", "known_at").rows() if len(load.accepted) else []
    quantity = (float(delivery.rows["value"].sum()), float(load.held["value"].sum()))
    return _verdict(judged, finding_frame(load.findings), accepted, quantity)


def in_bulk(path: Path, known: pl.DataFrame, suite: Suite, tmp: Path) -> Verdict:
    registry = Registry(tmp / "registry.sqlite")
    lake = Lake(tmp / "validated", tmp / "quarantine", registry)
    with bounded(tmp / "bulk") as db:
        landed = land(db, path, METER, tmp / "bulk")
        delivery = Delivery(BATCH, METER, RECEIVED, False, False, notes=landed.notes, note_rows=landed.note_rows, remarks=landed.text.remarks)
        delivery.malformed, delivery.unknown_headers = landed.text.malformed, landed.text.unknown_headers
        judged = judge_bulk(Standard(METER, suite, known, 0.5), delivery, landed, Workbench(db, tmp / "bulk"))
        promoted = promote(judged, suite, lake, registry, "2025-12-15")
    files = sorted((tmp / "validated" / "meter_reading").glob("month=*/*.parquet"))
    accepted = pl.concat([pl.read_parquet(f, hive_partitioning=False) for f in files]) if files else pl.DataFrame(schema=METER.lake_schema)
    assert dict(accepted.schema) == METER.lake_schema
    assert registry.known_rows(datetime(2030, 1, 1)) == {}   # no batch is registered here: only its verdict
    assert sum(rows for _, rows in promoted.known) == len(accepted)
    path = tmp / "quarantine" / "meter_reading" / BATCH / "findings.parquet"
    findings = pl.read_parquet(path) if path.exists() else finding_frame([])
    rows = accepted.select("row_no", "uscc", "ts", "value", "known_at").rows()
    registry.close()
    return _verdict(judged, findings, rows, (promoted.verdict.quantity_received, promoted.verdict.quantity_quarantined))


def _verdict(judged: Judgement[Any], findings: pl.DataFrame, accepted: list[tuple], quantity: tuple) -> Verdict:
    names = ("row_no", "check_id", "severity", "uscc", "period", "column_name", "reported_value", "message_zh", "message_en",
             "advice_zh", "holds_from", "holds_until")
    return Verdict(
        judged.refused_by, judged.passes_from, judged.waiting, judged.delivery.rows_received,
        sorted((c["check_id"], c["severity"], c["passed"], c["rows_failed"]) for c in judged.checks),
        sorted(tuple(map(str, row)) for row in findings.select(names).iter_rows()), sorted(accepted),
        (round(quantity[0], 9), round(quantity[1], 9)),
    )


@pytest.mark.parametrize(
    ("rows", "form"),
    [(DIRTY, "plain"), (DIRTY, "quoted"), (DIRTY, "gb18030"), (DIRTY, "parquet"), (DIRTY, "units"), (REFUSED, "plain"), (LATE, "parquet")],
    ids=["plain", "quoted", "gb18030", "parquet", "units", "refused", "late"],
)
def test_bulk_and_one_by_one_are_the_same(rows: list[list[str]], form: str, tmp_path: Path) -> None:
    known = known_enterprises(NEW=datetime(2026, 2, 1)) if rows is LATE else known_enterprises()
    suffix = ".parquet" if form == "parquet" else ".csv"
    path = write(rows, tmp_path / f"file{suffix}", encoding="gb18030" if form == "gb18030" else "utf-8",
                 quotes=form == "quoted", title=form == "gb18030", header=[f"{name}(kWh)" if form == "units" and name == "读数增量" else name for name in HEADER])
    suite = suite_of("meter_reading")
    expected, found = one_by_one(path, known, suite), in_bulk(path, known, suite, tmp_path)
    assert found == expected
    if rows is DIRTY:
        assert expected.refused_by is None
        assert len(expected.accepted) > 30
    else:
        assert (expected.refused_by, expected.passes_from) == (("L17-share", None) if rows is REFUSED else (None, datetime(2026, 2, 1)))


def test_rows_that_wait_enter_once_when_the_register_knows_them(tmp_path: Path) -> None:
    path, suite = write(DIRTY, tmp_path / "file.csv"), suite_of("meter_reading")
    later = known_enterprises(NEW=datetime(2026, 2, 1))
    first = in_bulk(path, known_enterprises(), suite, tmp_path)
    again = in_bulk(path, later, suite, tmp_path)
    assert first.waiting
    assert not again.waiting
    assert set(again.accepted) - set(first.accepted) == {(row[0], NEW, *row[2:]) for row in again.accepted if row[1] == NEW}
    assert in_bulk(path, later, suite, tmp_path) == again == one_by_one(path, later, suite)


def test_rows_enter_when_the_register_knew_their_enterprise_before_they_came(tmp_path: Path) -> None:
    """A register that arrives after the readings and was received before them: its rows are clean the second time."""
    path, suite = write(DIRTY, tmp_path / "file.csv"), suite_of("meter_reading")
    earlier = known_enterprises(NEW=datetime(2025, 1, 1))
    in_bulk(path, known_enterprises(), suite, tmp_path)
    assert in_bulk(path, earlier, suite, tmp_path) == one_by_one(path, earlier, suite)


def test_readings_before_the_register_wait_for_a_row_that_covers_them(tmp_path: Path) -> None:
    """The register has A from December; the row that covers November comes in February."""
    rows = [reading(0, ts=f"2025-{month}-01 {hour:02d}:00") for month in (11, 12) for hour in (0, 1)]
    path, suite = write(rows, tmp_path / "file.csv"), suite_of("meter_reading")
    late = known_enterprises().with_columns(pl.lit(date(2025, 12, 31)).alias("valid_from"))
    first = in_bulk(path, late, suite, tmp_path)
    assert first == one_by_one(path, late, suite)
    assert {(f[0], f[1]) for f in first.findings if f[2] == "warning"} == {("2", "K12-register-begins-later"), ("3", "K12-register-begins-later")}
    covered = pl.concat([late, late.with_columns(pl.lit(date(2025, 11, 30)).alias("valid_from"), pl.lit(datetime(2026, 2, 1)).cast(pl.Datetime("us")).alias("enterprise_known_from"))])
    again = in_bulk(path, covered, suite, tmp_path)
    assert first.waiting and not again.waiting and len(again.accepted) == 4
    assert again == one_by_one(path, covered, suite)


def test_findings_go_when_a_later_verdict_has_none(tmp_path: Path) -> None:
    path, suite = write([row for row in DIRTY if row[0] == NEW][:1], tmp_path / "file.csv"), suite_of("meter_reading")
    assert "K01-unknown-enterprise" in {finding[1] for finding in in_bulk(path, known_enterprises(), suite, tmp_path).findings}
    again = in_bulk(path, known_enterprises(NEW=datetime(2025, 1, 1)), suite, tmp_path)
    assert len(again.accepted) == 1
    assert not any(finding[2] in ("critical", "warning") for finding in again.findings)


def test_what_a_profile_cannot_stand_for_refuses_the_load(tmp_path: Path) -> None:
    suite = suite_of("meter_reading")
    rule = next(rule for rule in suite.rules if rule.column == "value")
    path = write(CLEAN, tmp_path / "file.csv")
    for number, wrong in enumerate((
        replace(rule, expect="expect_column_values_to_not_be_null"), replace(rule, when='quality == "正常"'),
        replace(rule, args={"min_value": "a"}), replace(rule, column="no_such_column"),
    )):
        folder = tmp_path / str(number)
        folder.mkdir()
        verdict = in_bulk(path, known_enterprises(), replace(suite, rules=(wrong,)), folder)
        assert (verdict.refused_by, verdict.accepted) == ("L16-check-error", [])
        assert len(verdict.findings) == len(CLEAN) + 1


@pytest.mark.parametrize("content", [b"", b"a;b\n1;2\n", "统一社会信用代码;计量点\n".encode(), b"\xff\xfe1"])
def test_what_cannot_be_read_says_why_like_other_sources(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(Unreadable) as expected:
        read_file(path, METER)
    with bounded(tmp_path / "bulk") as db, pytest.raises(Unreadable) as found:
        land(db, path, METER, tmp_path / "bulk")
    assert (found.value.check_id, found.value.zh) == (expected.value.check_id, expected.value.zh)


def test_typed_parquet_is_read_alike(tmp_path: Path) -> None:
    start = datetime(2025, 11, 1)
    values = [12.5, 0.1, -0.0, float("nan"), 1e16, None]
    frame = pl.DataFrame({
        "uscc": [A] * 6, "meter_id": ["M1"] * 6, "energy": ["电力"] * 6,
        "ts": pl.Series([start.replace(hour=hour) for hour in range(6)]).dt.replace_time_zone("UTC"),
        "value": pl.Series(values, dtype=pl.Float32), "unit": ["kWh"] * 6,
    })
    path, suite = tmp_path / "file.parquet", suite_of("meter_reading")
    frame.write_parquet(path)
    found = in_bulk(path, known_enterprises(), suite, tmp_path)
    assert found.accepted == one_by_one(path, known_enterprises(), suite).accepted
    assert [(row[2].hour, row[3]) for row in found.accepted] == [(8, 12.5), (9, 0.1), (10, 0.0)]
