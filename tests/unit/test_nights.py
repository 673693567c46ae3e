"""The table of nights, their logs and their lock: every night is told, however it ended."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.lock import NightRunning, is_held, night_lock
from pipelines.logs import LOGGER, night_log
from pipelines.night import open_night
from pipelines.publish.problem import PublishError
from pipelines.settings import Settings, load_settings
from pipelines.warehouse.records import NightRun
from pipelines.warehouse.registry import Registry
from pipelines.warehouse.registry_reads import read_nights


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "inbox").mkdir()
    return load_settings(tmp_path / "inbox", tmp_path / "data")


def run(started: str, **more: object) -> NightRun:
    return NightRun(**{
        "night_id": started, "started": started, "ended": None, "outcome": "running", "exit_status": None, "knowledge_date": "2026-06-30", "release_id": None,
        "counts": {}, "seconds_by_stage": {}, "reason_zh": None, "reason_en": None, "how": "command", "pid": 1, "host": "h", **more,
    })


def logs(settings: Settings) -> str:
    return "".join(path.read_text("utf-8") for path in settings.logs.glob("night-*.log"))


def test_a_night_that_ends_well_is_told_with_its_times(settings: Settings) -> None:
    with open_night(settings, lambda _: None) as night:
        (during,) = read_nights(settings.registry)
        assert (during.outcome, during.ended) == ("running", None)
        with night.timed("gate"):
            pass
        with night.timed("gate"):
            pass
        night.outcome, night.release_id = "published", "r"
    (found,) = read_nights(settings.registry)
    assert (found.outcome, found.exit_status, found.release_id, found.how) == ("published", 0, "r", "command")
    assert found.seconds_by_stage.keys() == {"gate"} and found.counts["refused"] == 0
    assert found.ended and found.ended > found.started
    assert found.pid == os.getpid()


def test_a_failed_night_is_told_with_its_reason_and_its_traceback_is_in_the_log(settings: Settings) -> None:
    with pytest.raises(PublishError), open_night(settings, lambda _: None):
        raise PublishError("未发布", "not published")
    with pytest.raises(ZeroDivisionError), open_night(replace(settings, started=settings.started + timedelta(seconds=1)), lambda _: None):
        _ = 1 / 0
    first, second = read_nights(settings.registry)
    assert (first.outcome, first.exit_status, first.reason_zh, first.reason_en) == ("failed", 1, "未发布", "not published")
    assert second.reason_en == "unexpected error ZeroDivisionError, details in the log"
    assert "Traceback" in logs(settings) and "ZeroDivisionError: division by zero" in logs(settings)


def test_a_night_without_an_end_is_called_killed_by_the_next_one_which_says_so(settings: Settings) -> None:
    registry = Registry(settings.registry)
    registry.begin_night(run("2026-06-29T02:00:00+08:00"))
    registry.close()
    said: list[str] = []
    with open_night(settings, said.append) as night:
        assert [dead.started for dead in night.killed] == ["2026-06-29T02:00:00+08:00"]
    assert [found.outcome for found in read_nights(settings.registry)] == ["killed", "partial"]
    assert any("an earlier night was cut off: 2026-06-29T02:00:00" in line for line in said)


def test_a_registry_of_before_there_were_nights(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite"
    assert read_nights(path) == []
    sqlite3.connect(path).execute("create table batch (batch_id text primary key)")
    assert read_nights(path) == []


def test_the_command_shows_the_latest_first_and_calls_a_dead_one_killed(settings: Settings) -> None:
    registry = Registry(settings.registry)
    registry.end_night(run("2026-06-28T02:00:00+08:00", outcome="failed", exit_status=1, reason_zh="磁盘已满", reason_en="the disk is full"))
    registry.end_night(run("2026-06-29T02:00:00+08:00", outcome="published", exit_status=3, counts={"accepted_in_part": 2, "refused": 1}, seconds_by_stage={"gate": 4.4}))
    registry.begin_night(run("2026-06-30T02:00:00+08:00"))
    registry.close()

    def shown(*options: str) -> str:
        return CliRunner().invoke(app, ["nights", "--data", str(settings.data), *options]).stdout

    assert [night["outcome"] for night in json.loads(shown("--json"))] == ["killed", "published", "failed"]
    assert [night["outcome"] for night in json.loads(shown("--json", "--limit", "1"))] == ["killed"]
    lines = shown().splitlines()
    assert "published (3)" in lines[1] and "1 批退回 refused" in lines[1] and "gate 4 s" in lines[1]
    assert lines[3].strip() == "磁盘已满 | the disk is full"
    with night_lock(settings.warehouse / "night.lock", "now"):
        assert "running" in shown()


def test_the_first_error_is_not_hidden_by_the_rollback(settings: Settings) -> None:
    """SQLite rolls back by itself on a full disk: what our own rollback then says must not take its place."""
    registry = Registry(settings.registry)
    with pytest.raises(OSError, match="full"), registry.transaction():
        registry._db.execute("rollback")
        raise OSError(errno.ENOSPC, "full")
    with registry.transaction():
        registry.end_night(run("2026-06-29T02:00:00+08:00", outcome="published"))
    assert len(registry.nights()) == 1
    registry.close()


def test_an_overlap_waits_for_the_lock_and_says_for_whom(tmp_path: Path) -> None:
    path, said = tmp_path / "night.lock", []
    with night_lock(path, "2026-06-30T02:00:00"):
        assert is_held(path)
        waiting = threading.Event()

        def wait() -> None:
            with night_lock(path, "later", wait_minutes=5, say=lambda text: (said.append(text), waiting.set())[0]):
                said.append("held")

        thread = threading.Thread(target=wait)
        thread.start()
        assert waiting.wait(60)
        assert "held" not in said
    thread.join(60)
    assert said[-1] == "held" and len(said) == 2
    assert f"process {os.getpid()}" in said[0] and "2026-06-30T02:00:00" in said[0]
    assert not is_held(path)


def test_a_wait_that_is_over_names_the_holder(tmp_path: Path) -> None:
    path = tmp_path / "night.lock"
    with night_lock(path, "2026-06-30T02:00:00"):
        for minutes, waited in ((0, "since 2026-06-30T02:00:00"), (0.001, "waited 0.001 minutes")):
            with pytest.raises(NightRunning, match=waited), night_lock(path, "later", wait_minutes=minutes, say=lambda _: None):
                pass


def test_a_log_that_cannot_be_written_is_said_and_the_night_goes_on(settings: Settings) -> None:
    settings.data.mkdir()
    settings.logs.write_text("a file where the folder should be")
    said: list[str] = []
    with open_night(settings, said.append) as night:
        night.say("still here")
    assert "cannot be written, the night goes on" in said[0] and "still here" in said
    assert [found.outcome for found in read_nights(settings.registry)] == ["partial"]


def test_a_disk_that_runs_full_under_the_log_is_said_once_and_prints_no_traceback(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    with night_log(settings, said.append) as say:
        (handler,) = [h for h in LOGGER.handlers if getattr(h, "baseFilename", "").endswith(".log")]
        handler.setStream(Path("/dev/full").open("w", encoding="utf-8", buffering=1))  # noqa: SIM115 - the handler closes it
        say("first")
        say("second")
        assert [line for line in said if "the disk is full" in line] == [said[1]]
    assert [line for line in said if line in ("first", "second")] == ["first", "second"]
    assert "Traceback" not in capfd.readouterr().err


def test_old_logs_are_removed_at_the_end_of_a_night(settings: Settings) -> None:
    settings.logs.mkdir(parents=True)
    old, young = settings.logs / "night-old.log", settings.logs / "verify-young.log"
    for path, days in ((old, 91), (young, 89)):
        path.write_text("x")
        moment = (settings.started - timedelta(days=days)).timestamp()
        os.utime(path, (moment, moment))
    with open_night(settings, lambda _: None):
        pass
    assert not old.exists() and young.exists()


def test_an_unexpected_error_of_a_command_goes_to_a_log_of_its_own(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr("pipelines.publish.verify.verify", broken)
    done = CliRunner().invoke(app, ["verify", "--data", str(settings.data), "--json"])
    assert done.exit_code == 1
    assert "Traceback" not in done.output and "inside" not in done.output
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["outcome"] == "failed" and "ZeroDivisionError" in last["reason"]["en"] and last["release_id"] is None and last["counts"] == {}
    (log,) = settings.logs.glob("verify-*.log")
    assert str(log) in done.stderr
    assert "ZeroDivisionError: inside" in log.read_text("utf-8")


def test_a_step_of_dagster_fails_with_a_sentence_and_only_what_may_pass_is_tried_again(settings: Settings) -> None:
    import dagster as dg

    from pipelines.defs.resources import NightResource

    resource = NightResource(inbox=str(settings.inbox), data=str(settings.data), as_of="2026-06-30")
    with resource.yield_for_execution(dg.build_init_resource_context()) as night:
        with pytest.raises(dg.RetryRequested), night.step("receive"):
            raise OSError(errno.EIO, "x", "/inbox/a.csv")
        with night.step("receive"):   # tried again
            pass
        with pytest.raises(dg.Failure) as failed, night.step("build"):
            raise OSError(errno.ENOSPC, "x", "/data/build.duckdb")
        assert failed.value.allow_retries is False and "the disk is full (/data/build.duckdb)" in (failed.value.description or "")
    with pytest.raises(KeyboardInterrupt), resource.yield_for_execution(dg.build_init_resource_context()) as night, night.step("receive"):
        raise KeyboardInterrupt
    with resource.yield_for_execution(dg.build_init_resource_context()) as night, night.step("receive"):
        pass
    first, second, third = read_nights(settings.registry)
    assert (first.outcome, first.how, first.knowledge_date) == ("failed", "dagster", "2026-06-30")
    assert first.reason_en and "the disk is full" in first.reason_en
    assert (second.outcome, second.reason_en) == ("failed", "the run was interrupted")
    assert (third.outcome, third.reason_en) == ("partial", None)
    assert logs(settings).count("Traceback") == 3


def test_a_run_that_asks_for_nothing_opens_no_night(settings: Settings) -> None:
    import dagster as dg

    from pipelines.defs.resources import NightResource

    with NightResource(data=str(settings.data)).yield_for_execution(dg.build_init_resource_context()):
        pass
    assert not settings.data.exists()
