"""Sidecars that come late or are corrected: the ledger is that of one night that saw them right; an earlier day stays as it was."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from pipelines.warehouse.registry import Registry
from tests.conftest import query, run_night_here, value_hashes
from tests.deliveries import beside, deliver, register_row, uscc

FIRST, SECOND = "2026-02-28", "2026-06-30"


def _energy(number: int, period: str, consumed: float) -> dict:
    return {"uscc": uscc(number), "period": period, "energy": "柴油", "unit": "t", "consumed": consumed}


def _write(inbox: Path, sidecars: dict[str, str]) -> None:
    """The same files each time, with the sidecars as they are at one time (`""`: none)."""
    shutil.rmtree(inbox, ignore_errors=True)
    deliver(inbox, "enterprise_register", "register.csv", [register_row(n, "24-other-industry", "3012") for n in (1, 2, 3, 4)], "2026-01-05")
    files = {
        "earlier.csv": [_energy(1, "2025-11", 10)], "later.csv": [_energy(1, "2025-11", 11)], "bare.csv": [_energy(2, "2025-11", 7)],
        "typo.csv": [_energy(3, "2025-11", 5)], "tomorrow.csv": [_energy(4, "2025-11", 3)],
    }
    for name, rows in files.items():
        file = deliver(inbox, "enterprise_energy", name, rows, None)
        if sidecars[name]:
            beside(file, sidecars[name])
    batch = f"enterprise_energy-{hashlib.sha256((inbox / 'enterprise_energy' / 'typo.csv').read_bytes()).hexdigest()[:12]}"
    decision = deliver(inbox, "steward_decision", "decision.csv", [{
        "decision_id": "D1", "batch_id": batch, "row_no": 2, "decision": "更正", "new_value": "consumed=6",
        "reason": "读错(演示数据)", "by": "张三", "decided_on": "2026-02-01"}], None)
    beside(decision, sidecars["decision.csv"])


WRONG = {
    "earlier.csv": "synthetic: true\nreceived_at: 2026-01-20\n", "later.csv": "synthetic: true\nreceived_at: 2026-01-10\n", "bare.csv": "",
    "typo.csv": "synthetic: true\nreceived_at: 2026-01-32\n", "tomorrow.csv": "synthetic: true\nreceived_at: 2026-01-10\n",
    "decision.csv": f"synthetic: true\nreceived_at: 2026-02-02\nsha256: {'0' * 64}\n",
}
RIGHT = {
    "earlier.csv": "synthetic: true\nreceived_at: 2026-01-10\n", "later.csv": "synthetic: true\nreceived_at: 2026-01-20\n",
    "bare.csv": "synthetic: true\nreceived_at: 2026-01-10\n", "typo.csv": "synthetic: true\nreceived_at: 2026-01-12\n",
    "tomorrow.csv": "synthetic: true\nreceived_at: 2026-12-01\n", "decision.csv": "synthetic: true\nreceived_at: 2026-02-02\n",
}


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A night with wrong sidecars and one with the right ones; beside it one night that saw the right ones alone."""
    root = tmp_path_factory.mktemp("sidecars")
    inbox = root / "inbox"
    _write(inbox, WRONG)
    run_night_here(inbox, root / "data", FIRST)
    _write(inbox, RIGHT)
    run_night_here(inbox, root / "data", SECOND)
    run_night_here(inbox, root / "once", SECOND)
    return root


def _tonnes(database: Path) -> dict[str, float]:
    return dict(query(database, "select uscc, activity_quantity from marts.fct_enterprise_emission_line where emission_source = 'fuel' order by 1"))


def test_the_present_is_that_of_a_night_that_saw_them_right(nights: Path) -> None:
    live = nights / "data" / "marts" / "carbon.duckdb"
    assert _tonnes(live) == {uscc(1): 11.0, uscc(2): 7.0, uscc(3): 6.0}
    assert query(live, "select file_name from quality.batch where source = 'enterprise_energy' and (outcome <> 'accepted' or not is_synthetic)") == []
    assert query(live, "select count(*) from quality.batch where file_name = 'tomorrow.csv'") == [(0,)], "it waits for its day"
    assert value_hashes(nights / "data") == value_hashes(nights / "once")


def test_nothing_of_the_earlier_verdicts_stays_in_the_lake(nights: Path) -> None:
    files = [
        sorted(path.relative_to(nights / name).as_posix() for kind in ("validated", "quarantine") for path in (nights / name / kind).rglob("*.parquet"))
        for name in ("data", "once")
    ]
    assert files[0] == files[1]


def test_the_first_night_is_replayed_as_it_was_and_the_present_comes_back(nights: Path) -> None:
    """The sealed release of the first night is taken away and made again from the same inbox, whose sidecars are right by now."""
    data = nights / "data"
    first, second = sorted(path.name for path in (data / "marts" / "releases").iterdir())
    if value_hashes(data, first) == value_hashes(data):
        first, second = second, first
    expected, live = value_hashes(data, first), value_hashes(data)
    assert _tonnes(data / "marts" / "releases" / first / "carbon.duckdb") == {uscc(1): 10.0, uscc(4): 3.0}
    fresh = nights / "fresh"
    shutil.copytree(data, fresh)
    for path in [fresh / "marts" / "releases" / first, *(fresh / "marts" / "releases" / first).rglob("*")]:
        path.chmod(0o755)
    shutil.rmtree(fresh / "marts" / "releases" / first)
    replay = run_night_here(nights / "inbox", fresh, FIRST)
    assert replay.outcome == "sealed" and value_hashes(fresh, replay.release_id) == expected
    again = run_night_here(nights / "inbox", fresh, SECOND)
    assert (again.outcome, again.release_id) == ("nothing_new", second) and value_hashes(fresh) == live


def test_a_kill_between_registry_and_lake_leaves_the_same_work_to_the_next_night(nights: Path) -> None:
    """The registry forgot a verdict and the night was killed before the lake's files went: they go, and come again."""
    data = nights / "once"
    registry = Registry(data / "warehouse" / "registry.sqlite")
    batch_id = next(b.batch_id for b in registry.batches().values() if b.file_name == "bare.csv")
    registry.unjudge(batch_id)
    registry.close()
    (path,) = (data / "validated").rglob(f"{batch_id}.parquet")
    path.write_bytes(b"of an earlier verdict")
    night = run_night_here(nights / "inbox", data, SECOND)
    assert night.outcome == "nothing_new"
    assert value_hashes(data) == value_hashes(nights / "data")
