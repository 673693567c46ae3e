"""Whatever happens while one file is read or judged is a verdict on that file, and the night goes on."""

from __future__ import annotations

import errno
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.gate import judge as judging
from pipelines.gate import promote as promoting
from pipelines.gate.outcome import Judged
from pipelines.problem import Problem
from pipelines.warehouse import lake as lakes
from pipelines.warehouse.registry import Registry
from tests.conftest import ROOT
from tests.deliveries import deliver, raw, register_row, uscc
from tests.gate.night import judge_night, night_settings

ROW = {"energy": "柴油", "unit": "t", "consumed": 10}
METER = {"uscc": uscc(1), "meter_id": "M1", "energy": "电力", "value": 5, "unit": "kWh"}
HEADER = ["统一社会信用代码", "计量点", "能源品种", "时间", "读数增量", "计量单位", "质量码"]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    deliver(tmp_path / "inbox", "enterprise_register", "r.csv", [register_row(1, "24-other-industry", "3012")])
    return tmp_path / "inbox"


def _energy(inbox: Path, name: str, month: int) -> None:
    deliver(inbox, "enterprise_energy", name, [{"uscc": uscc(1), "period": f"2025-{month:02d}", **ROW}])


def _verdicts(judged: list[Judged]) -> dict[str, str]:
    return {item.batch.file_name: item.refused_by or item.outcome for item in judged if item.batch.source != "enterprise_register"}


def _parquet(inbox: Path, source: str, name: str, table: pa.Table, **how: Any) -> bytes:
    path = inbox / source / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, **how)
    raw(inbox, source, f"{name}.meta.yml", b"received_at: 2026-01-10\nsynthetic: true\n")
    data = path.read_bytes()
    raw(inbox, source, name, data)
    return data


def _meter_table(times: list[Any], kind: pa.DataType) -> pa.Table:
    rows = len(times)
    columns = [[uscc(1)] * rows, ["M1"] * rows, ["电力"] * rows, pa.array(times, kind), [1.5] * rows, ["kWh"] * rows, [""] * rows]
    return pa.table(dict(zip(HEADER, columns, strict=True)))


def test_inputs_that_once_stopped_every_night_get_a_verdict(inbox: Path) -> None:
    times = ["9999-12-31 24:00:00", "0000-01-01 00:00:00", "9999-12-31 23:00", "0001-01-01 00:00", "2025-02-30 10:00", "2025-11-01 25:00"]
    for number, ts in enumerate(times):
        deliver(inbox, "meter_reading", f"time{number}.csv", [{**METER, "ts": ts}, *({**METER, "ts": f"2025-11-01 {hour:02d}:00"} for hour in range(3))])
    for unit, value in (("ms", 2**62), ("ms", -(2**62)), ("us", 2**63 - 1), ("us", -(2**63) + 1), ("ns", 2**63 - 1)):
        _parquet(inbox, "meter_reading", f"far.{unit}.{value < 0}.parquet", _meter_table([value, 0], pa.timestamp(unit)))
    form = pa.table({"uscc": [uscc(1)] * 3, "period": ["2025-10", "2025-11", "2025-12"], "energy": ["柴油"] * 3, "unit": ["t"] * 3, "consumed": [1.0, 2.0, 3.0]})
    for name, source, table in (("form", "enterprise_energy", form), ("meter", "meter_reading", _meter_table(["2025-11-01 01:00", "2025-11-01 02:00"], pa.string()))):
        data = _parquet(inbox, source, f"{name}.parquet", table, compression="snappy")
        for place in range(4, len(data), max(1, len(data) // 6)):
            flipped = bytearray(data)
            flipped[place] ^= 0xFF
            raw(inbox, source, f"{name}.{place}.parquet", bytes(flipped))
    process = {"uscc": uscc(1), "period": "2025-11", "role": "过程", "unit": "t"}
    deliver(inbox, "enterprise_process", "vast.csv", [
        {**process, "item": "纯碱", "quantity": 999999999999999, "emission_factor": 99999999}, {**process, "item": "石灰石", "quantity": 1, "emission_factor": 0.4},
    ])
    _, judged = judge_night(night_settings(inbox.parent))
    found = _verdicts(judged)
    assert len(found) == len([path for path in inbox.glob("*/*") if not path.name.endswith(".yml")]) - 1
    assert found["form.parquet"] == found["meter.parquet"] == "accepted"
    assert found["time0.csv"] == "accepted_in_part" == found["vast.csv"]
    _, judged_again = judge_night(night_settings(inbox.parent))
    assert {item.refused_by for item in judged_again} <= {"L27-not-processed"}


def test_an_estimate_that_no_row_can_have_is_unknown(inbox: Path) -> None:
    deliver(inbox, "enterprise_process", "vast.csv", [
        {"uscc": uscc(1), "period": "2025-11", "role": "过程", "unit": "t", "item": "纯碱", "quantity": 9999999999999, "emission_factor": 99999999},
    ])
    judge_night(night_settings(inbox.parent))
    (path,) = (inbox.parent / "data" / "quarantine" / "enterprise_process").glob("*/findings.parquet")
    found = pl.read_parquet(path).filter(pl.col("row_no") > 0)
    assert "F20-magnitude" in set(found["check_id"]) and set(found["estimate_tco2e"]) == {None}


@pytest.mark.parametrize("error", [MemoryError(), pl.exceptions.ComputeError("no space left on device, says a cell"), OSError("bad block in a file")])
def test_the_file_that_breaks_the_pass_is_refused_and_the_others_enter(
    inbox: Path, error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:
    for month in (9, 10, 11):
        _energy(inbox, f"{month}.csv", month)
    deliver(inbox, "meter_reading", "m.csv", [{**METER, "ts": "2025-11-01 01:00"}])
    settings, whole = night_settings(inbox.parent), judging.add_evidence

    def breaks(rows: pl.DataFrame, *arguments: Any) -> pl.DataFrame:
        if "period" in rows.columns and (rows["period"] == datetime(2025, 10, 1).date()).any():
            raise error
        return whole(rows, *arguments)

    with monkeypatch.context() as broken, caplog.at_level(logging.ERROR, logger="pipelines"):
        broken.setattr(judging, "add_evidence", breaks)
        said, judged = judge_night(settings)
    assert _verdicts(judged) == {"9.csv": "accepted", "10.csv": "L27-not-processed", "11.csv": "accepted", "m.csv": "accepted"}
    (refused,) = (item for item in judged if item.refused_by)
    assert type(error).__name__ in (refused.reason_zh or "") and "Traceback" not in " ".join(said) + str(refused)
    assert any(record.exc_info for record in caplog.records)
    # once the cause is gone the file enters by itself: the same bytes could not be delivered again
    _, judged = judge_night(settings)
    assert _verdicts(judged) == {"10.csv": "accepted"}
    assert judge_night(settings)[1] == []


def test_a_file_whose_rows_cannot_be_written_leaves_nothing_of_the_pass(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for month in (9, 10, 11):
        _energy(inbox, f"{month}.csv", month)
    settings, writes = night_settings(inbox.parent), lakes.write_parquet

    def breaks(path: Path, frame: pl.DataFrame) -> None:
        if path.parent.name == "month=2025-11":
            raise pl.exceptions.SchemaError("no such type")
        writes(path, frame)

    with monkeypatch.context() as broken:
        broken.setattr(lakes, "write_parquet", breaks)
        _, judged = judge_night(settings)
    assert _verdicts(judged) == {"9.csv": "accepted", "10.csv": "accepted", "11.csv": "L27-not-processed"}
    assert sorted(path.parent.name for path in (settings.validated / "enterprise_energy").glob("*/*.parquet")) == ["month=2025-09", "month=2025-10"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), pl.exceptions.ComputeError("No space left on device (os error 28)"), Problem("登记", "registry")])
def test_what_is_no_fault_of_a_file_ends_the_night_and_refuses_nobody(inbox: Path, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    _energy(inbox, "9.csv", 9)
    settings = night_settings(inbox.parent)

    def full(*arguments: Any) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(promoting, "as_kept", full)
        with pytest.raises(type(error)):
            judge_night(settings)
    registry = Registry(settings.registry)
    assert registry.judging() == set() and not any(b.startswith("enterprise_energy") for b in registry.verdicts())
    registry.close()
    assert _verdicts(judge_night(settings)[1]) == {"9.csv": "accepted"}


def test_an_unreadable_copy_of_a_batch_without_verdict_waits_for_the_file(inbox: Path) -> None:
    """Its file is not in the inbox any more and its copy is not what was received: named, and judged as soon as it is there again."""
    _energy(inbox, "9.csv", 9)
    settings = night_settings(inbox.parent)
    judge_night(settings)
    registry = Registry(settings.registry)
    for table in ("verdict", "known_rows", "lake_rows", "lake_file"):
        registry._db.execute(f"delete from {table} where {'path' if table == 'lake_rows' else 'batch_id'} like '%enterprise_energy-%'")
    registry.close()
    (copy,) = (settings.received / "enterprise_energy").glob("*/received.csv")
    data = copy.read_bytes()
    copy.chmod(0o644)
    copy.write_bytes(b"")
    (inbox / "enterprise_energy" / "9.csv").rename(inbox.parent / "away.csv")
    assert _verdicts(judge_night(settings)[1]) == {"9.csv": "L25-copy-lost"}
    copy.write_bytes(data)
    assert _verdicts(judge_night(settings)[1]) == {"9.csv": "accepted"}


_KILLED = """
import os, signal, sys
from pathlib import Path
from pipelines.gate import reading

reads = reading.read_or_spill

def read(path, *arguments):
    if b"2025-10" in Path(path).read_bytes():
        os.kill(os.getpid(), signal.SIGKILL)   # as the system does when memory runs out
    return reads(path, *arguments)

reading.read_or_spill = read

if __name__ == "__main__":
    from tests.gate.night import judge_night, night_settings
    _, judged = judge_night(night_settings(Path(sys.argv[1])))
    print("\\n".join(f"{item.batch.file_name} {item.refused_by}" for item in judged))
"""


@pytest.fixture
def killing(tmp_path: Path) -> Iterator[Path]:
    script = tmp_path / "killing.py"
    script.write_text(_KILLED)
    yield script


def _run(script: Path, root: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, script, root], capture_output=True, text=True, env=environment, cwd=ROOT, timeout=300, check=False)


def test_a_file_that_kills_the_night_stops_one_night_only(inbox: Path, killing: Path) -> None:
    for month in (9, 10, 11):
        _energy(inbox, f"{month}.csv", month)
    settings = night_settings(inbox.parent)
    assert _run(killing, inbox.parent).returncode == -9
    second = _run(killing, inbox.parent)
    assert second.returncode == 0, second.stderr
    assert {"9.csv None", "10.csv L27-not-processed", "11.csv None"} <= set(second.stdout.splitlines())
    # tried again apart every night: where the cause is gone, it enters
    assert _verdicts(judge_night(settings)[1]) == {"10.csv": "accepted"}
    registry = Registry(settings.registry, read_only=True)
    assert registry.judging() == set()
    registry.close()


def test_a_night_that_is_killed_from_outside_refuses_nobody(inbox: Path) -> None:
    for month in (9, 10, 11):
        _energy(inbox, f"{month}.csv", month)
    settings = night_settings(inbox.parent)
    judge_night(settings)
    registry = Registry(settings.registry)
    ids = [b for b in registry.verdicts() if b.startswith("enterprise_energy")]
    registry._db.execute("delete from verdict where batch_id like 'enterprise_energy-%'")
    registry.begin_judging(ids)
    registry.close()
    assert set(_verdicts(judge_night(settings)[1]).values()) == {"accepted"}
