"""Sidecars that come late or are corrected: the ledger is that of one night that saw them right; an earlier day stays as it was."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from pipelines.warehouse.registry import Registry
from tests.conftest import build_tables_here, query
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


TABLES = ("fct_enterprise_emission_line", "fct_enterprise_account_month", "batch", "failed_row", "decision")


LINES = TABLES[:3]   # what does not wait for the rules of the current view: half the models


def _night(root: Path, name: str, day: str, tables: tuple[str, ...] = TABLES) -> Path:
    """What a night of that day judges, and the tables that sidecars can change."""
    return build_tables_here(root / "inbox", root / name, *tables, as_of=day)[0]


def _content(database: Path, tables: tuple[str, ...] = TABLES) -> dict[str, list[tuple]]:
    """All rows of the tables."""
    places = {name: "quality" if name in ("batch", "failed_row", "decision") else "marts" for name in TABLES}
    return {name: sorted(map(repr, query(database, f"select * from {schema}.{name}"))) for name, schema in places.items() if name in tables}


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, list[tuple]]]]:
    """A night with wrong sidecars and one with the right ones; beside it one night that saw the right ones alone. What each of them made."""
    root = tmp_path_factory.mktemp("sidecars")
    _write(root / "inbox", WRONG)
    made = {"first": _content(_night(root, "data", FIRST))}
    _write(root / "inbox", RIGHT)
    made["second"] = _content(_night(root, "data", SECOND))
    made["once"] = _content(_night(root, "once", SECOND))
    return root, made


def _tonnes(database: Path) -> dict[str, float]:
    return dict(query(database, "select uscc, activity_quantity from marts.fct_enterprise_emission_line where emission_source = 'fuel' order by 1"))


def test_the_present_is_that_of_a_night_that_saw_them_right(nights: tuple[Path, dict]) -> None:
    root, made = nights
    once = root / "once" / "warehouse" / "build.duckdb"
    assert _tonnes(once) == {uscc(1): 11.0, uscc(2): 7.0, uscc(3): 6.0}
    assert query(once, "select file_name from quality.batch where source = 'enterprise_energy' and (outcome <> 'accepted' or not is_synthetic)") == []
    assert query(once, "select count(*) from quality.batch where file_name = 'tomorrow.csv'") == [(0,)], "it waits for its day"
    assert made["second"] == made["once"]


def test_nothing_of_the_earlier_verdicts_stays_in_the_lake(nights: tuple[Path, dict]) -> None:
    root, _ = nights
    files = [
        sorted(path.relative_to(root / name).as_posix() for kind in ("validated", "quarantine") for path in (root / name / kind).rglob("*.parquet"))
        for name in ("data", "once")
    ]
    assert files[0] == files[1]


def test_a_kill_between_registry_and_lake_leaves_the_same_work_to_the_next_night(nights: tuple[Path, dict]) -> None:
    """The registry forgot a verdict and the night was killed before the lake's files went: they go, and come again."""
    root, made = nights
    data = root / "once"
    registry = Registry(data / "warehouse" / "registry.sqlite")
    batch_id = next(b.batch_id for b in registry.batches().values() if b.file_name == "bare.csv")
    registry.unjudge(batch_id)
    registry.close()
    (path,) = (data / "validated").rglob(f"{batch_id}.parquet")
    path.write_bytes(b"of an earlier verdict")
    assert _content(_night(root, "once", SECOND, LINES), LINES) == {name: made["once"][name] for name in LINES}


def test_the_first_night_is_replayed_as_it_was_and_the_present_comes_back(nights: tuple[Path, dict]) -> None:
    """The inbox holds the right sidecars by now; what the first night knew is in the registry."""
    root, made = nights
    replay = _night(root, "data", FIRST)
    assert _tonnes(replay) == {uscc(1): 10.0, uscc(4): 3.0}
    assert _content(replay) == made["first"]
    assert _content(_night(root, "data", SECOND, LINES), LINES) == {name: made["once"][name] for name in LINES}
