"""The night on the synthetic province, as whole processes in fresh folders: medians of wall clock and CPU seconds, peak memory.

`make bench` prints a Markdown table: the first night, a night with nothing new, and a night with one late correction.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run(*arguments: str) -> tuple[float, float, float]:
    """(wall s, CPU s, peak MB) of one process of the console command."""
    with tempfile.TemporaryFile("w+") as said:
        start = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-m", "pipelines.cli", *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=said)
        _, status, used = os.wait4(process.pid, 0)   # the figures of this process alone
        wall = time.perf_counter() - start
        if os.waitstatus_to_exitcode(status) not in (0, 3):
            said.seek(0)
            sys.exit(said.read())
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def correction(inbox: Path) -> None:
    """One corrected row of an earlier month, delivered later."""
    source = next(p for p in sorted((inbox / "enterprise_energy").glob("*.csv")) if p.read_bytes()[:3] != b"\xef\xbb\xbf")
    text = source.read_bytes()
    encoding = "utf-8" if b"\xe6" in text[:40] or b"\xe7" in text[:40] else "gb18030"
    rows = list(csv.reader(text.decode(encoding).splitlines()))
    target = inbox / "enterprise_energy" / "bench_correction.csv"
    with target.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows(rows[:2])
    sidecar = target.with_name(target.name + ".meta.yml")
    sidecar.write_text("received_at: 2026-05-01T09:00:00+08:00\nsynthetic: true\n", "utf-8")
    for file in (target, sidecar):
        os.utime(file, (0, 0))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--enterprises", default="300")
    parser.add_argument("--months", default="24")
    options = parser.parse_args()
    figures: dict[str, list[tuple[float, float, float]]] = {"first night": [], "nothing new": [], "one late correction": []}
    for _ in range(options.runs):
        root = Path(tempfile.mkdtemp(prefix="bench_night_"))
        inbox, data = str(root / "inbox"), str(root / "data")
        run("demo", "--out", inbox, "--enterprises", options.enterprises, "--months", options.months)
        night = ("nightly", "--inbox", inbox, "--data", data, "--as-of", "2026-06-30")
        figures["first night"].append(run(*night))
        figures["nothing new"].append(run(*night))
        correction(Path(inbox))
        figures["one late correction"].append(run(*night))
        shutil.rmtree(root, ignore_errors=True)
    print(f"{options.enterprises} enterprises x {options.months} months, {os.cpu_count()} cores, Python {platform.python_version()}, median of {options.runs}\n")
    print("| night | wall [s] | CPU [s] | peak memory of one process [MB] |\n|---|---:|---:|---:|")
    for name, values in figures.items():
        wall, cpu, memory = (statistics.median(column) for column in zip(*values, strict=True))
        print(f"| {name} | {wall:.1f} | {cpu:.1f} | {memory:.0f} |")


if __name__ == "__main__":
    main()
