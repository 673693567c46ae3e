"""Nights over a data folder that a disk, a hand or an earlier version left otherwise than a night does."""

from __future__ import annotations

import json
import os
import shutil
from datetime import date
from pathlib import Path

import pytest

from pipelines.publish.store import PATHS
from tests.conftest import AS_OF, Release, carbon, run_night_here, value_hashes


@pytest.fixture
def data(release: Release, tmp_path: Path) -> Path:
    return Path(shutil.copytree(release.data, tmp_path / "data", symlinks=True))


def flip(path: Path) -> None:
    """One byte, in place; size and time stay."""
    before = path.stat()
    path.chmod(0o644)
    with path.open("r+b") as handle:
        handle.seek(before.st_size // 2)
        byte = handle.read(1)[0]
        handle.seek(before.st_size // 2)
        handle.write(bytes([byte ^ 1]))
    path.chmod(before.st_mode)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_night_makes_a_damaged_live_release_again(release: Release, data: Path) -> None:
    flip(data / "marts" / "carbon.duckdb")
    done = carbon("verify", "--quick", "--data", data)
    assert done.returncode == 1 and "carbon.duckdb" in done.stdout
    done = carbon("releases", "sign", release.summary["release_id"], "--by", "张三", "--note", "核定", "--data", data)
    assert done.returncode == 1 and "carbon.duckdb" in done.stderr
    night = run_night_here(release.inbox, data)
    assert night.outcome == "published" and night.release_id == release.summary["release_id"]
    assert any("carbon.duckdb" in problem for problem in night.summary()["damaged"])
    assert value_hashes(data) == value_hashes(release.data)
    assert carbon("verify", "--data", data).returncode == 0
    assert run_night_here(release.inbox, data).outcome == "nothing_new"


def test_a_data_folder_of_before_the_links_is_turned_into_links_by_a_night(release: Release, data: Path) -> None:
    marts, release_id = data / "marts", release.summary["release_id"]
    for name in ("live", *PATHS):
        (marts / name).unlink()
        if name != "live":
            sealed = marts / "releases" / release_id / name
            (shutil.copytree if sealed.is_dir() else shutil.copy2)(sealed, marts / name)
    assert carbon("releases", "list", "--data", data).returncode == 0
    assert run_night_here(release.inbox, data).outcome == "nothing_new"
    assert os.readlink(marts / "live") == f"releases/{release_id}" and os.readlink(marts / "carbon.duckdb") == "live/carbon.duckdb"
    assert carbon("verify", "--data", data).returncode == 0


def test_a_release_goes_live_again_by_command(release: Release, data: Path) -> None:
    release_id = release.summary["release_id"]
    done = carbon("releases", "promote", release_id, "--by", "张三", "--note", "试", "--data", data)
    assert done.returncode == 0 and release_id in done.stdout
    listed = json.loads(carbon("releases", "list", "--json", "--data", data).stdout)
    assert [(row["release_id"], row["live"], row["damaged"]) for row in listed] == [(release_id, True, False)]
    assert carbon("releases", "promote", "20200101-0000000000", "--by", "张三", "--note", "", "--data", data).returncode == 1


def test_a_night_with_a_clock_that_cannot_be_right_does_nothing(release: Release, data: Path) -> None:
    from pipelines.clock import ClockWrong
    from pipelines.night import run_night
    from pipelines.settings import Settings

    for day in (date(2026, 6, 29), date(2099, 6, 1)):
        settings = Settings(release.inbox, data, day, started=_at(day))
        with pytest.raises(ClockWrong, match=f"{day}.*{AS_OF}"):
            run_night(settings, lambda text: None)
    assert json.loads((data / "marts" / "release.json").read_text())["release_id"] == release.summary["release_id"]


def _at(day: date):
    from datetime import datetime

    from pipelines.settings import TIME_ZONE

    return datetime(day.year, day.month, day.day, 2, tzinfo=TIME_ZONE)
