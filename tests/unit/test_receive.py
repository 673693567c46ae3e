"""What the night takes in: a batch by its bytes, known from the earliest time, waiting until its day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pipelines.ingest.receive import receive
from pipelines.settings import load_settings
from pipelines.warehouse.registry import Registry
from tests.deliveries import deliver, uscc

ROW = {"uscc": uscc(1), "period": "2025-11", "energy": "柴油", "unit": "t", "consumed": 1}


def _receive(root: Path, day: str):
    registry = Registry(root / "registry.sqlite")
    receipt = receive(load_settings(root / "inbox", root / "data", date.fromisoformat(day)), registry)
    batches = [b for b in registry.batches().values() if not b.is_published]
    registry.close()
    return receipt, batches


def test_the_same_bytes_under_two_names_are_one_batch_of_the_earlier_time(tmp_path: Path) -> None:
    deliver(tmp_path / "inbox", "enterprise_energy", "a.csv", [ROW], "2026-02-01")
    deliver(tmp_path / "inbox", "enterprise_energy", "z.csv", [ROW], "2026-01-10")
    _, batches = _receive(tmp_path, "2026-06-30")
    assert [b.received_at for b in batches] == ["2026-01-10T00:00:00"]


def test_a_delivery_of_a_later_day_waits_also_when_it_is_known(tmp_path: Path) -> None:
    deliver(tmp_path / "inbox", "enterprise_energy", "a.csv", [ROW], "2026-02-01")
    waiting, batches = _receive(tmp_path, "2026-01-31")
    assert [name for name, _ in waiting.waiting] == ["enterprise_energy/a.csv"] and batches == []
    _receive(tmp_path, "2026-02-01")
    again, _ = _receive(tmp_path, "2026-01-31")
    assert [name for name, _ in again.waiting] == ["enterprise_energy/a.csv"]


def test_without_a_sidecar_the_first_night_that_saw_it_counts_and_is_remembered(tmp_path: Path) -> None:
    deliver(tmp_path / "inbox", "enterprise_energy", "a.csv", [ROW], None)
    _, first = _receive(tmp_path, "2026-01-31")
    _, later = _receive(tmp_path, "2026-03-31")
    assert [b.received_at for b in first] == [b.received_at for b in later] == ["2026-01-31T00:00:00"]
