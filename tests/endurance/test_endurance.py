"""A sample of the attacks on a night. It runs in a process of its own: it forks, and one that used polars or DuckDB before must not."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT, parse_once


def test_nights_survive() -> None:
    parse_once()   # each stage is forked from one that has parsed the project
    only = [word for part in ("judging", "mutants", "named", "publishing") for word in ("--only", part)]
    done = subprocess.run(
        [sys.executable, "bench/endurance.py", *only, "--scale", "0.01"], cwd=ROOT, capture_output=True, text=True, timeout=1200, check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
