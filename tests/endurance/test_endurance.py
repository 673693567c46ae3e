"""A sample of the attacks on receiving and judging. It runs in a process of its own: it forks, and one that used polars or DuckDB before must not."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.mark.parametrize(("attack", "scale"), [("judging", 0.03), ("named", 1.0), ("damage", 0.1), ("mutants", 0.03)])
def test_nights_survive(attack: str, scale: float) -> None:
    done = subprocess.run(
        [sys.executable, "bench/endurance.py", "--only", attack, "--scale", str(scale)], cwd=ROOT, capture_output=True, text=True, timeout=540, check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
