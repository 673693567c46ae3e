"""A kill at any moment loses nothing: the next night goes on and ends with the same ledger."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import AS_OF, CARBON, ROOT, Release, carbon, parse_once, query, run_ledger_night_here, value_hashes
from tests.deliveries import deliver, register_row, uscc


def _start(release: Release, data: Path) -> subprocess.Popen[str]:
    parse_once()
    return subprocess.Popen(
        [*CARBON, "nightly", "--inbox", str(release.inbox), "--data", str(data), "--as-of", AS_OF], cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )


def _kill_when(process: subprocess.Popen[str], word: str, number: int, wait: float) -> int:
    """Send a signal some time after a line with `word` was printed; returns the exit status."""
    assert process.stderr is not None
    for line in process.stderr:
        if word in line:
            break
    time.sleep(wait)
    if process.poll() is None:
        os.killpg(process.pid, number)
    return process.wait(60)


def test_killed_in_every_stage_then_the_same_result(release: Release, tmp_path: Path) -> None:
    data = tmp_path / "data"
    for word, wait in (("receive", 0.0), ("gate enterprise_output", 0.0), ("build", 9.0)):
        _kill_when(_start(release, data), word, signal.SIGKILL, wait)
    done = carbon("nightly", "--inbox", release.inbox, "--data", data, "--as-of", AS_OF)
    assert done.returncode in (0, 3), done.stderr
    assert value_hashes(data) == value_hashes(release.data)
    assert carbon("verify", "--data", data).returncode == 0


def test_a_term_signal_ends_the_night_with_143_and_a_word(release: Release, tmp_path: Path) -> None:
    process = _start(release, tmp_path / "data")
    assert _kill_when(process, "receive", signal.SIGTERM, 0.2) == 143


def _fuel(inbox: Path, number: int, consumed: float, received_at: str) -> None:
    row = {"uscc": uscc(number), "period": "2025-11", "energy": "柴油", "unit": "t", "consumed": consumed}
    deliver(inbox, "enterprise_energy", f"{number}.csv", [row], received_at)


def test_rows_of_a_build_that_was_broken_off_do_not_stay_when_they_are_taken_back(tmp_path: Path) -> None:
    """The broken build had put a delivery into its tables; before the next night the delivery's sidecar is corrected to a later day."""
    inbox, data = tmp_path / "inbox", tmp_path / "data"
    deliver(inbox, "enterprise_register", "r.csv", [register_row(n, "24-other-industry", "3012") for n in (1, 2)])
    run_ledger_night_here(inbox, data)
    _fuel(inbox, 1, 100, "2026-02-01T09:00:00+08:00")
    with pytest.raises(OSError, match="cut off"):   # after dbt, before the build is recorded
        run_ledger_night_here(inbox, data, cut_off=True)
    used = "select activity_quantity from marts.fct_enterprise_emission_line where emission_source = 'fuel'"
    assert query(data / "warehouse" / "build.duckdb", used) == [(100.0,)]
    _fuel(inbox, 1, 100, "2026-12-01T09:00:00+08:00")
    _fuel(inbox, 2, 200, "2026-02-01T09:00:00+08:00")
    made = run_ledger_night_here(inbox, data)
    assert query(data / "warehouse" / "build.duckdb", used) == [(200.0,)]
    assert made == run_ledger_night_here(inbox, tmp_path / "clean")
