"""A small province whose lake is damaged between nights: published figures stay right, or nothing is published and the night says why."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.night import Todo, decide, gate_step, open_night, receive_step
from pipelines.settings import load_settings
from pipelines.transform.build import run_dbt
from pipelines.warehouse.build_db import prepare
from pipelines.warehouse.inspect import lake_problems, received_problems
from pipelines.warehouse.registry import Registry
from tests.conftest import AS_OF, begin, ledger, run_ledger_night_here, run_night_here
from tests.deliveries import deliver, register_row, uscc

ROW = {"energy": "柴油", "unit": "t"}
TESTS = ["assert_lake_holds_what_was_judged", "assert_staging_reads_what_was_accepted"]


def _deliver(inbox: Path) -> None:
    deliver(inbox, "enterprise_register", "r.csv", [register_row(n, "24-other-industry", "3012") for n in (1, 2, 3)])
    for n in (1, 2):
        deliver(inbox, "enterprise_energy", f"{n}.csv", [{"uscc": uscc(n), "period": f"2025-{month:02d}", **ROW, "consumed": 100 * n + month} for month in (10, 11, 12)])
    deliver(inbox, "enterprise_energy", "bad.csv", [{"uscc": uscc(1), "period": "2025-13", **ROW, "consumed": 1}])


def _last(inbox: Path) -> None:
    deliver(inbox, "enterprise_energy", "3.csv", [{"uscc": uscc(3), "period": "2025-11", **ROW, "consumed": 300}], "2026-02-10T09:00:00+08:00")


def _problems(settings: Any) -> list[str]:
    registry = Registry(settings.registry, read_only=True)
    found = lake_problems(settings, registry) + received_problems(settings, registry)
    registry.close()
    return found


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three deliveries judged by a night that was ended before it published."""
    root = tmp_path_factory.mktemp("sealed")
    _deliver(root / "inbox")
    begin(root / "data")
    with open_night(load_settings(root / "inbox", root / "data", date.fromisoformat(AS_OF)), lambda text: None) as killed:
        receive_step(killed)
        gate_step(killed)
    return root


def test_what_the_build_reads_is_held_against_what_was_judged(night: Path, tmp_path: Path) -> None:
    """Files that change after the night looked at them: the blocking tests see a lost row, a doubled one and an altered quantity."""
    data = tmp_path / "data"
    shutil.copytree(night / "data", data)
    settings = load_settings(night / "inbox", data, date.fromisoformat(AS_OF))
    with open_night(settings, lambda text: None) as opened:
        assert decide(opened) is Todo.BUILD and opened.inputs is not None
        prepare(opened.database, settings, opened.registry, opened.inputs)
        database = opened.database
    target = settings.warehouse / "dbt"
    target.mkdir(exist_ok=True)
    build = ["build", "--no-write-json", "--full-refresh", "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious", "--select"]
    made = run_dbt([*build, *(f"+{name}" for name in TESTS)], database, target)
    assert made.ok and {node.name for node in made.nodes if node.kind == "test"} >= set(TESTS)
    path, *_ = sorted((settings.validated / "enterprise_energy" / "month=2025-11").glob("*.parquet"))
    rows = pl.read_parquet(path)
    for changed, failing in (
        (rows.head(0), set(TESTS)), (pl.concat([rows, rows]), set(TESTS)), (rows.with_columns(pl.col("consumed") * 2), {TESTS[0]}),
    ):
        changed.write_parquet(path)
        again = run_dbt(["test", "--no-write-json", "--select", *TESTS], database, target)
        assert {node.name for node in again.failed} == failing


def test_a_damaged_lake_publishes_the_right_figures_and_a_killed_night_is_told(night: Path, tmp_path: Path) -> None:
    sound, damaged = tmp_path / "sound", tmp_path / "damaged"
    for root in (sound, damaged):
        shutil.copytree(night, root)
    _last(sound / "inbox")
    right = run_ledger_night_here(sound / "inbox", sound / "data")

    month, *_ = sorted((damaged / "data" / "validated" / "enterprise_energy" / "month=2025-11").glob("*.parquet"))
    month.unlink()
    other, *_ = sorted((damaged / "data" / "validated" / "enterprise_energy" / "month=2025-12").glob("*.parquet"))
    other.write_bytes(other.read_bytes()[:200])
    _last(damaged / "inbox")
    healed = run_night_here(damaged / "inbox", damaged / "data")
    assert (healed.outcome, healed.exit_code) == ("published", 3)   # told although another night judged it
    assert [item.batch.file_name for item in healed.held_back] == ["bad.csv"]
    assert ledger(healed.database) == right and right["fct_enterprise_emission_line"]
    assert _problems(healed.settings) == []

    again = run_night_here(damaged / "inbox", damaged / "data")
    assert (again.outcome, again.exit_code) == ("nothing_new", 0)
