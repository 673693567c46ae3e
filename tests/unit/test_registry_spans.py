"""What nights remember of findings on the current view: begun, gone on, ended, come back."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.warehouse.registry import Registry


def row(number: int) -> tuple:
    return ("b", number, "X01", "enterprise_energy", "U", "2025-01-01")


@pytest.fixture()
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "registry.sqlite")


def spans(registry: Registry) -> list[tuple]:
    return registry.table("finding_span").select("row_no", "seen_from", "seen_until").sort("row_no", "seen_from").rows()


def test_a_finding_begins_goes_on_ends_and_comes_back(registry: Registry) -> None:
    registry.put_standing("2026-01-01", [row(1), row(2)])
    registry.put_standing("2026-01-02", [row(1)])
    registry.put_standing("2026-01-03", [row(1), row(2)])
    assert spans(registry) == [(1, "2026-01-01", None), (2, "2026-01-01", "2026-01-02"), (2, "2026-01-03", None)]


def test_the_same_night_again_replaces_what_it_said_and_a_replay_of_an_earlier_one_says_nothing(registry: Registry) -> None:
    registry.put_standing("2026-01-01", [row(1)])
    registry.put_standing("2026-01-02", [row(2)])
    registry.put_standing("2026-01-02", [row(1), row(3)])
    expected = [(1, "2026-01-01", None), (3, "2026-01-02", None)]
    assert spans(registry) == expected
    registry.put_standing("2026-01-01", [])
    assert spans(registry) == expected
