"""A sample of every attack. Each runs in a process of its own: it forks, and a process that used polars or DuckDB before must not."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.mark.parametrize(("attack", "scale"), [("judging", 0.03), ("publishing", 0.02), ("kills", 0.015), ("mutants", 0.04), ("damage", 0.2)])
def test_nights_survive(attack: str, scale: float) -> None:
    done = subprocess.run(
        [sys.executable, "bench/endurance.py", "--only", attack, "--scale", str(scale)], cwd=ROOT, capture_output=True, text=True, timeout=540, check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
