"""A real daemon, in a process of its own, fires the schedule, and a release is published."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from pipelines.defs.serve import close_dead_runs, daemon_command, start, stop, write_home
from pipelines.settings import load_settings

WAIT_SECONDS = 150


def _wait(what: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if what():
            return True
        time.sleep(0.5)
    return what()


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder and a tiny inbox, named in the environment that the daemon inherits; ticks every minute."""
    from pipelines.demo import write_province

    write_province(tmp_path / "inbox", enterprises=6, months=2, faults="none")
    monkeypatch.setenv("CARBON_INBOX", str(tmp_path / "inbox"))
    monkeypatch.setenv("CARBON_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("CARBON_CRON", "* * * * *")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    return tmp_path


def test_the_daemon_fires_the_schedule_and_a_release_appears(folders: Path) -> None:
    home, manifest = write_home(folders / "home"), folders / "data" / "marts" / "release.json"
    daemon = start(daemon_command(), home)
    try:
        appeared = _wait(lambda: manifest.exists() or daemon.poll() is not None, WAIT_SECONDS)
    finally:
        stop([daemon])
    with dg.DagsterInstance.from_config(str(home)) as instance:
        runs = instance.get_runs()
    assert appeared and manifest.exists(), [(run.run_id, run.status) for run in runs]
    first = runs[-1]
    assert first.tags["dagster/schedule_name"] == "every_night"
    published = json.loads(manifest.read_text("utf-8"))
    assert published["knowledge_date"] == first.tags["carbon/knowledge_date"]
    assert abs((date.fromisoformat(published["knowledge_date"]) - load_settings().knowledge_date).days) <= 1
    assert published["is_synthetic"] is True
    assert len(published["input_batches"]) > 30


def test_a_run_whose_process_is_gone_does_not_block_the_queue(folders: Path) -> None:
    """As after a power cut: the run is `started` in the history, and nobody holds the lock."""
    settings, home = load_settings(), write_home(folders / "home")

    @dg.op
    def nothing() -> None: ...

    @dg.job
    def interrupted() -> None:
        nothing()

    with dg.DagsterInstance.from_config(str(home)) as instance:
        run = instance.create_run_for_job(interrupted, status=dg.DagsterRunStatus.STARTED)
        assert close_dead_runs(settings, home) == [run.run_id]
        done = instance.get_run_by_id(run.run_id)
        assert done is not None
        assert done.status == dg.DagsterRunStatus.FAILURE
    assert close_dead_runs(settings, home) == []
