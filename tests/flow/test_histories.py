"""Random histories: the nights that lived through them and one night over everything give the same figures; every change is explained."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT


def test_random_histories() -> None:
    """Thirty histories of one seed over three nights; `bench/histories.py` tries a thousand over four, and replays each. A process of its own: it forgets what it imported."""
    done = subprocess.run([sys.executable, "bench/histories.py", "--groups", "30", "--seed", "1", "--nights", "3", "--waves", "1", "--replays", "0"], cwd=ROOT, capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
