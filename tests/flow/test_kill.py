"""A kill at any moment loses nothing: the next night goes on and ends with the same ledger."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from tests.conftest import AS_OF, CARBON, ROOT, Release, carbon, value_hashes


def _start(release: Release, data: Path) -> subprocess.Popen[str]:
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
