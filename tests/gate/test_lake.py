"""Files of the lake that are lost, altered or foreign: made again from the received file, or the night ends in words."""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from pipelines.contracts.source import load_sources
from pipelines.problem import Problem
from pipelines.settings import Settings
from pipelines.warehouse.duck import connect
from pipelines.warehouse.inspect import lake_problems, received_problems, registry_problems
from pipelines.warehouse.lake import Lake, read_lake_file, relation
from pipelines.warehouse.received import received_file
from pipelines.warehouse.records import Batch
from pipelines.warehouse.registry import Registry
from tests.deliveries import deliver, raw, register_row, uscc
from tests.gate.night import judge_night, night_settings

ROW = {"energy": "柴油", "unit": "t", "consumed": 10}
METERS = [{"uscc": uscc(1), "meter_id": "M1", "energy": "电力", "ts": f"2025-11-01 {hour:02d}:00", "value": 5, "unit": "kWh"} for hour in range(24)]
SOURCES = ("enterprise_register", "enterprise_energy", "meter_reading")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small folder with its inbox, judged in two nights: enterprise 2 becomes known in the second one, so its rows have files of their own."""
    root = tmp_path_factory.mktemp("a[b]c*d")   # characters of a pattern in the path of a user
    deliver(root / "inbox", "enterprise_register", "one.csv", [register_row(1, "24-other-industry", "3012")])
    rows = [{"uscc": uscc(n), "period": f"2025-{month:02d}", **ROW} for n in (1, 2) for month in (10, 11)]
    deliver(root / "inbox", "enterprise_energy", "form.csv", [*rows, *({"uscc": uscc(1), "period": f"2025-0{month}", **ROW} for month in (7, 8, 9)),
                                                                 {"uscc": uscc(1), "period": "2025-12", **ROW, "consumed": -1}])
    deliver(root / "inbox", "meter_reading", "meters.csv", METERS)
    judge_night(night_settings(root))
    deliver(root / "inbox", "enterprise_register", "two.csv", [register_row(2, "24-other-industry", "3012")], "2026-02-10T09:00:00+08:00")
    judge_night(night_settings(root))
    return root


@pytest.fixture
def root(judged: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "x[y]"
    shutil.copytree(judged, copy)   # with its times: nothing has changed
    return copy


def _content(settings: Settings) -> dict[str, list[tuple]]:
    """All that the lake holds, whatever its files."""
    registry = Registry(settings.registry, read_only=True)
    lake, found = Lake(settings.validated, settings.quarantine, registry), {}
    for source in SOURCES:
        rows = lake.read(load_sources()[source], lake.paths(source, "accepted"))
        found[source] = sorted(map(repr, rows.drop("version").rows()))
        for kind in ("findings", "held"):
            frames = [read_lake_file(path) for path in lake.paths(source, kind)]
            found[f"{source} {kind}"] = sorted(repr(sorted(row.items())) for frame in frames for row in frame.to_dicts())
    found["verdicts"] = sorted(map(repr, registry.verdicts().values()))
    found["known"] = registry.table("known_rows").rows()
    registry.close()
    return found


def _flip(path: Path, *, keep_time: bool = False) -> None:
    stat, data = path.stat(), bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.chmod(0o644)
    path.write_bytes(data)
    if keep_time:
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def _files(root: Path, pattern: str) -> list[Path]:
    found = sorted((root / "data").glob(pattern))
    assert found, pattern
    return found


def _problems(settings: Settings) -> list[str]:
    registry = Registry(settings.registry, read_only=True)
    found = lake_problems(settings, registry) + received_problems(settings, registry)
    registry.close()
    return found


def test_what_was_judged_is_entered_and_in_order(root: Path) -> None:
    settings = night_settings(root)
    assert _problems(settings) == [] and registry_problems(settings) == []
    assert len(_files(root, "validated/enterprise_energy/month=2025-11/*.parquet")) == 2   # a later part
    said, judged = judge_night(settings)
    assert judged == [] and not [line for line in said if "damaged" in line]


PARTS = (
    "validated/enterprise_energy/month=2025-11/*.parquet", "validated/enterprise_energy/month=2025-10/enterprise_energy-*.1.parquet",
    "validated/enterprise_register/all/*.parquet", "validated/meter_reading/month=2025-11/*.parquet", "quarantine/enterprise_energy/*/findings.parquet",
    "quarantine/enterprise_energy/*/rows.parquet", "validated/enterprise_energy/_schema.parquet", "quarantine/_schema/findings.parquet",
)


@pytest.mark.parametrize("damage", ["remove", "truncate", "empty", "flip"])
def test_damaged_files_are_named_and_made_again(root: Path, damage: str) -> None:
    settings = night_settings(root)
    before = _content(settings)
    paths = [path for pattern in PARTS for path in _files(root, pattern)]
    for path in paths:
        if damage == "remove":
            path.unlink()
        elif damage == "flip":
            _flip(path)
        else:
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 if damage == "truncate" else 0])
    names = [path.relative_to(root / "data").as_posix() for path in paths]
    problems = _problems(settings)
    assert all(any(line.startswith(name) for line in problems) for name in names) and len(problems) == len(names)
    said, _ = judge_night(settings)
    assert all("_schema" in name or any(name in line for line in said) for name in names)
    assert _content(settings) == before
    assert _problems(settings) == []


def test_one_lost_part_is_made_again(root: Path) -> None:
    settings = night_settings(root)
    before = _content(settings)
    (path,) = _files(root, PARTS[1])
    path.unlink()
    judge_night(settings)
    assert _content(settings) == before and _problems(settings) == []


def test_a_flipped_byte_with_its_old_time_is_seen_by_the_full_check(root: Path) -> None:
    (path, *_) = _files(root, "validated/enterprise_energy/month=2025-11/*.parquet")
    _flip(path, keep_time=True)
    (problem,) = _problems(night_settings(root))
    assert path.name in problem and "SHA-256" in problem


def test_files_that_nobody_entered_are_never_read(root: Path) -> None:
    settings = night_settings(root)
    before = _content(settings)
    (path, *_) = _files(root, "validated/enterprise_energy/month=2025-11/*.parquet")
    copies = [path.with_name("copy.parquet"), path.with_name(f".{path.name}.part"), root / "data" / "validated" / "enterprise_register" / "all" / "mine.parquet"]
    for copy in copies:
        shutil.copy(path, copy)
    assert len(_problems(settings)) == 3
    said, _ = judge_night(settings)
    assert _content(settings) == before
    assert [copy.exists() for copy in copies] == [True, False, True]
    assert sum("never read" in line for line in said) == 2


def test_a_leftover_of_a_killed_night_is_no_row_of_the_lake(root: Path) -> None:
    """Rows that were written, and whose verdict was not: they are judged and written as if for the first time."""
    settings = night_settings(root)
    before = _content(settings)
    registry = Registry(settings.registry)
    for table in ("verdict", "known_rows", "check_result"):
        registry._db.execute(f"delete from {table} where batch_id like 'enterprise_energy-%'")
    registry._db.execute("delete from lake_rows where path like '%enterprise_energy-%'")
    registry._db.execute("delete from lake_file where batch_id like 'enterprise_energy-%'")
    registry.close()
    judge_night(settings)
    after = _content(settings)
    assert after == before and _problems(settings) == []


@pytest.mark.parametrize("damage", ["remove", "flip", "truncate"])
def test_a_received_file_is_taken_again_or_the_night_ends_with_its_name(root: Path, damage: str) -> None:
    settings = night_settings(root)
    registry = Registry(settings.registry, read_only=True)
    (batch,) = (b for b in registry.batches().values() if b.source == "enterprise_energy")
    registry.close()
    path = received_file(settings, batch)
    data = path.read_bytes()
    path.chmod(0o644)
    if damage == "remove":
        path.unlink()
    else:
        path.write_bytes(data[:-9] if damage == "truncate" else data.replace(b"10", b"99", 1))
    assert any("received.csv" in line for line in _problems(settings))
    inbox = root / "inbox" / "enterprise_energy" / "form.csv"
    inbox.rename(root / "away.csv")
    said, judged = judge_night(settings)   # the lake is whole: figures stand, the loss is named
    assert judged == [] and any("received.csv" in line or "form.csv" in line for line in said)
    # what can be made again from nothing is never left out of the figures
    _files(root, "validated/enterprise_energy/month=2025-11/*.parquet")[0].unlink()
    with pytest.raises(Problem) as ended:
        judge_night(settings)
    assert batch.batch_id in str(ended.value) and "received.csv" in str(ended.value) and "备份" in ended.value.zh
    (root / "away.csv").rename(inbox)
    judge_night(settings)
    assert path.read_bytes() == data and _problems(settings) == []


def test_a_lake_of_before_it_was_sealed_is_judged_again(root: Path) -> None:
    settings = night_settings(root)
    before = _content(settings)
    registry = Registry(settings.registry)
    registry._db.execute("delete from lake_rows")
    registry._db.execute("delete from lake_file")
    registry.close()
    judge_night(settings)
    assert _content(settings) == before and _problems(settings) == []


@pytest.mark.parametrize("damage", ["remove", "flip", "garbage"])
def test_a_lost_or_damaged_registry_ends_the_night_with_its_name(root: Path, damage: str) -> None:
    settings = night_settings(root)
    path = settings.registry
    if damage == "remove":
        path.unlink()
    elif damage == "flip":
        _flip(path)
    else:
        path.write_bytes(b"no database")
        path.with_name(path.name + ".sha256").unlink()
    with pytest.raises(Problem) as ended:
        judge_night(settings)
    assert str(path) in ended.value.zh and str(path) in ended.value.en
    (problem,) = registry_problems(settings)
    assert str(path) in problem


def test_a_verdict_that_changes_replaces_its_rows(root: Path) -> None:
    """The lake holds what the verdict says and nothing of an earlier one: a batch whose sidecar is corrected."""
    settings = night_settings(root)
    for file in ("enterprise_energy/form.csv", "meter_reading/meters.csv"):
        raw(root / "inbox", "", f"{file}.meta.yml", b"received_at: 2026-01-05\nsynthetic: true\n")
    judge_night(settings)
    for source, rows in (("enterprise_energy", 7), ("meter_reading", 24)):
        files = sorted((settings.validated / source).glob("*/*.parquet"))
        with connect() as db:
            found = db.execute(f"select count(*), min(received_at), max(received_at) from {relation(files)}").fetchall()
        assert found == [(rows, datetime(2026, 1, 5), datetime(2026, 1, 5))]
    assert _problems(settings) == []


def test_a_verdict_is_told_until_a_night_has_published_it(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry.sqlite")
    batch = Batch("enterprise_energy-000000000000", "enterprise_energy", "f.csv", "0", 1, "2026-01-10T00:00:00", "sidecar", 0, 0,
                  None, None, None, None, ".csv", "2026-01-10")
    registry.add_batch(batch)
    values = (batch.batch_id, "v", 3, "L17-share", "退", "refused", None, 0, None, None, None, "2026-01-10")
    registry._db.execute(f"insert into verdict values ({', '.join('?' * len(values))})", values)
    assert registry.untold(datetime(2026, 1, 9)) == {}
    marks = registry.untold(datetime(2026, 2, 1))
    assert list(marks) == [batch.batch_id]
    registry.put_told(marks, "r1", "2026-02-01")
    assert registry.untold(datetime(2026, 2, 1)) == {}
    registry._db.execute("update verdict set rows_received = 4")   # another verdict
    assert list(registry.untold(datetime(2026, 2, 1))) == [batch.batch_id]
    registry.close()


def test_the_lake_counts_rows_and_quantity_when_they_are_judged(root: Path) -> None:
    registry = Registry(night_settings(root).registry, read_only=True)
    files = registry.lake_files(kinds=("accepted",))
    registry.close()
    counted: dict[str, list[float]] = {}
    for file in files:
        for _, rows, quantity in file.rows:
            total = counted.setdefault(file.source, [0, 0.0])
            total[0] += rows
            total[1] += quantity or 0.0
    assert counted == {"enterprise_register": [2, 0.0], "enterprise_energy": [7, 70.0], "meter_reading": [24, 120.0]}
    assert all(pl.read_parquet(root / "data" / file.path, glob=False, hive_partitioning=False).height == sum(r for _, r, _ in file.rows) for file in files)
