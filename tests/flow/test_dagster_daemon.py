"""Dagster's real processes: the daemon fires the schedule and a release is published; `make ui` starts and stops both."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from pipelines.defs.serve import close_dead_runs, daemon_command, start, stop, write_home
from pipelines.settings import load_settings

TICK_SECONDS = 300      # start, parse, and the minute that may just have begun, on a machine that does other work as well
NIGHT_SECONDS = 480   # a limit, not a measure: the machine may be shared


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
    with dg.DagsterInstance.from_config(str(home)) as instance:
        instance.get_runs(limit=1)   # its tables are made by one process: two at once meet "table already exists"
    daemon = start(daemon_command(), home)
    try:
        with dg.DagsterInstance.from_config(str(home)) as instance:
            assert _wait(lambda: bool(instance.get_runs(limit=1)), TICK_SECONDS), "no tick"
            appeared = _wait(manifest.exists, NIGHT_SECONDS)
            runs = instance.get_runs()
    finally:
        stop([daemon])
    assert appeared, [(run.run_id, run.status) for run in runs]
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


def test_the_pages_and_the_daemon_start_and_stop_together(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CARBON_CRON")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    served = subprocess.Popen([sys.executable, "-m", "pipelines.defs.serve", "--port", str(port)], start_new_session=True)
    try:
        assert _wait(lambda: _assets(port) is not None or served.poll() is not None, TICK_SECONDS)
        assert ["published", "release"] in (_assets(port) or [])
        served.send_signal(signal.SIGTERM)
        assert served.wait(60) == 128 + signal.SIGTERM
        assert _assets(port) is None
    finally:
        stop([served])


def _assets(port: int) -> list[list[str]] | None:
    """The asset keys that the webserver knows; None while it does not answer, or has not loaded them yet."""
    query = json.dumps({"query": "{assetNodes {assetKey {path}}}"}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", query, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return [node["assetKey"]["path"] for node in json.load(answer)["data"]["assetNodes"]] or None
    except (urllib.error.URLError, ConnectionError, TimeoutError, KeyError, TypeError):
        return None
