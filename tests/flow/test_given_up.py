"""A received copy that is lost for good: no night publishes over it until somebody decides; what keeping removes is known."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.gate.given_up import RETENTION, give_up, list_wrong
from pipelines.ingest.copies import LOST
from pipelines.night import Night, Todo, decide, gate_step, open_night, receive_step
from pipelines.problem import Problem
from pipelines.settings import Settings, load_settings
from pipelines.warehouse.inspect import received_problems
from pipelines.warehouse.received import received_file
from pipelines.warehouse.registry import Registry
from tests.conftest import AS_OF, begin, carbon
from tests.deliveries import deliver, register_row, uscc

ROW = {"uscc": uscc(1), "period": "2025-11", "energy": "柴油", "unit": "t", "consumed": 1}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """One accepted and one refused delivery, judged on 2026-06-30, and gone from the inbox."""
    deliver(tmp_path / "inbox", "enterprise_register", "r.csv", [register_row(1, "24-other-industry", "3012")])
    deliver(tmp_path / "inbox", "enterprise_energy", "good.csv", [ROW])
    deliver(tmp_path / "inbox", "enterprise_energy", "bad.csv", [{**ROW, "period": "2025-13"}])
    begin(tmp_path / "data")
    assert _night(_settings(tmp_path))["verdicts"] == {"good.csv": None, "bad.csv": "L17-share"}
    shutil.rmtree(tmp_path / "inbox" / "enterprise_energy")
    return tmp_path


def _settings(root: Path, day: str = AS_OF, **changes: Any) -> Settings:
    return replace(load_settings(root / "inbox", root / "data", date.fromisoformat(day)), **changes)


def _night(settings: Settings) -> dict[str, Any]:
    """Receive and judge, then ask whether there is something to build."""
    with open_night(settings, lambda text: None) as night:
        receive_step(night)
        gate_step(night)
        return {"verdicts": _verdicts(night), "receipt": night.receipt, "build": decide(night) is Todo.BUILD}


def _verdicts(night: Night) -> dict[str, str | None]:
    batches = night.registry.batches()
    return {batches[b].file_name: v.refused_by for b, v in night.registry.verdicts().items() if batches[b].source == "enterprise_energy"}


def _copy(settings: Settings, name: str) -> Path:
    registry = Registry(settings.registry, read_only=True)
    (batch,) = [b for b in registry.batches().values() if b.file_name == name]
    registry.close()
    return received_file(settings, batch)


def _lose(settings: Settings, name: str) -> str:
    copy = _copy(settings, name)
    copy.parent.chmod(0o755)
    copy.unlink()
    return copy.parent.name


def _problems(settings: Settings) -> list[str]:
    registry = Registry(settings.registry, read_only=True)
    found = received_problems(settings, registry)
    registry.close()
    return found


@pytest.mark.parametrize("name", ["good.csv", "bad.csv"])
def test_no_night_publishes_over_a_lost_copy_until_it_is_given_up_or_comes_again(root: Path, name: str) -> None:
    settings = _settings(root)
    batch_id = _lose(settings, name)
    with pytest.raises(Problem) as ended:
        _night(settings)
    assert f"raw/received/enterprise_energy/{batch_id}/received.csv" in ended.value.en and f"enterprise_energy/{name}" in ended.value.zh
    assert "carbon received give-up" in ended.value.en and "carbon received give-up" in ended.value.zh
    assert [(item["batch_id"], item["state"], item["given_up_by"]) for item in list_wrong(settings)] == [(batch_id, "missing", None)]

    done = carbon("received", "give-up", batch_id, "--by", "王某", "--note", "硬盘损坏", "--data", root / "data")
    assert done.returncode == 0, done.stderr
    went_on = _night(settings)
    assert (went_on["build"], went_on["receipt"].lost) == (True, [])
    assert went_on["verdicts"] == {"good.csv": None, "bad.csv": "L17-share"}, "what was judged stands"
    assert _problems(settings) == []
    (item,) = json.loads(carbon("received", "list", "--json", "--data", root / "data").stdout)
    assert (item["given_up_by"], item["note"]) == ("王某", "硬盘损坏")

    deliver(root / "inbox", "enterprise_energy", name, [ROW if name == "good.csv" else {**ROW, "period": "2025-13"}])
    assert [found for found, _ in _night(settings)["receipt"].healed] == [f"enterprise_energy/{name}"]
    assert list_wrong(settings) == []


def test_the_note_beside_a_received_file_is_written_again(root: Path) -> None:
    settings = _settings(root)
    for name, damage in (("good.csv", b"{}"), ("bad.csv", None)):
        note = _copy(settings, name).with_name("delivery.json")
        note.chmod(0o644)
        note.unlink() if damage is None else note.write_bytes(damage)
    assert len(_problems(settings)) == 2
    _night(settings)
    assert _problems(settings) == []


def test_only_what_is_lost_is_given_up_and_by_somebody(root: Path) -> None:
    settings = _settings(root)
    batch_id = _copy(settings, "good.csv").parent.name
    for wrong, by in ((batch_id, "王某"), ("enterprise_energy-000000000000", "王某"), (batch_id, " ")):
        with pytest.raises(Problem):
            give_up(settings, wrong, by, "")
    assert carbon("received", "give-up", batch_id, "--by", "王某", "--note", "", "--data", root / "data").returncode == 1


def test_a_copy_that_was_given_up_and_whose_lake_is_damaged_is_refused_and_told(root: Path) -> None:
    settings = _settings(root)
    batch_id = _lose(settings, "good.csv")
    (rows,) = settings.validated.glob(f"enterprise_energy/*/{batch_id}.parquet")
    rows.unlink()
    with pytest.raises(Problem):
        _night(settings)
    give_up(settings, batch_id, "王某", "")
    refused = _night(settings)
    assert (refused["verdicts"]["good.csv"], refused["build"]) == (LOST, True)


def test_keeping_removes_copies_of_refused_deliveries_alone_and_the_registry_knows(root: Path) -> None:
    day = "2026-09-01"
    bad, good = _copy(_settings(root), "bad.csv"), _copy(_settings(root), "good.csv")
    deliver(root / "inbox", "enterprise_energy", "bad.csv", [{**ROW, "period": "2025-13"}])
    assert _night(_settings(root, day, keep_raw_days=30))["receipt"].removed == [], "its file still lies in the inbox"
    (root / "inbox" / "enterprise_energy" / "bad.csv").unlink()
    assert _night(_settings(root, day, keep_raw_days=90))["receipt"].removed == []
    assert _night(_settings(root, day))["receipt"].removed == [], "off by default"

    removed = _night(_settings(root, day, keep_raw_days=30))
    assert [name for name, _ in removed["receipt"].removed] == ["enterprise_energy/bad.csv"]
    assert (bad.exists(), good.exists()) == (False, True)
    again = _night(_settings(root, day, keep_raw_days=30))
    assert (again["receipt"].removed, again["build"], again["verdicts"]) == ([], True, {"good.csv": None, "bad.csv": "L17-share"})
    assert _problems(_settings(root)) == []
    assert [item["given_up_by"] for item in list_wrong(_settings(root))] == [RETENTION]

    deliver(root / "inbox", "enterprise_energy", "bad.csv", [{**ROW, "period": "2025-13"}])
    assert [name for name, _ in _night(_settings(root, day, keep_raw_days=30))["receipt"].healed] == ["enterprise_energy/bad.csv"]
    assert bad.exists() and list_wrong(_settings(root)) == []
