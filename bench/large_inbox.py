"""A night over one very large form, and over very many small files: wall clock, CPU seconds and peak memory of the whole process.

`python bench/large_inbox.py` prints a Markdown table. `--rows` is the size of the form (6 000 000 rows are 290 MB), `--files` how many files.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from night import ROOT, run

sys.path.insert(0, str(ROOT))

from pipelines.demo.credit_code import synthetic_code

ENTERPRISES, MONTHS = 60, 96
SIDECAR = "sender: bench\nreceived_at: 2026-01-10T09:00:00+08:00\nsynthetic: true\n"


def code(number: int) -> str:
    return synthetic_code("520100", 900, number + 1)


def month(number: int) -> str:
    return f"{2018 + number // 12}-{number % 12 + 1:02d}"


def deliver(inbox: Path, source: str, name: str, lines: list[str]) -> None:
    """One CSV with its sidecar, old enough to be taken."""
    path = inbox / source / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", "utf-8")
    sidecar = path.with_name(path.name + ".meta.yml")
    sidecar.write_text(SIDECAR, "utf-8")
    for file in (path, sidecar):
        os.utime(file, (0, 0))


def register(inbox: Path) -> None:
    header = "uscc,enterprise_name,industry_code,division_code,accounting_method,in_national_ets,valid_from"
    rows = [f"{code(n)},测试企业{n}(演示数据),3012,520115,24-other-industry,否,2015-01-01" for n in range(ENTERPRISES)]
    deliver(inbox, "enterprise_register", "register.csv", [header, *rows])


def one_form(inbox: Path, rows: int) -> None:
    """A form of output: as many products a month as make up the rows, over the last two years."""
    products = rows // (ENTERPRISES * 24)
    lines = ["uscc,period,unit_code,item,quantity,unit"]
    lines += [
        f"{code(n)},{month(m)},,产品{k:05d},{(n * 7919 + m * 31 + k * 17) % 9973 + 1}.5,t"
        for n in range(ENTERPRISES) for m in range(MONTHS - 24, MONTHS) for k in range(products)
    ]
    deliver(inbox, "enterprise_output", "large.csv", lines)


def many_files(inbox: Path, files: int) -> None:
    """Forms of energy of one enterprise and month each, three fuels a file, in a folder for each of nine cities."""
    for number in range(files):
        n, m = number % ENTERPRISES, number // ENTERPRISES % MONTHS
        unit = f"U{number // (ENTERPRISES * MONTHS)}"
        rows = [f"{code(n)},{month(m)},{unit},{fuel},t,{100 + (n * 37 + m * 11 + k) % 89}.5" for k, fuel in enumerate(("柴油", "汽油", "焦炭"))]
        deliver(inbox, "enterprise_energy", f"city_{n % 9}/{number:05d}.csv", ["uscc,period,unit_code,energy,unit,consumed", *rows])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=6_000_000)
    parser.add_argument("--files", type=int, default=10_000)
    options = parser.parse_args()
    cases: dict[str, Callable[[Path], None]] = {
        f"one form of {options.rows} rows": lambda inbox: one_form(inbox, options.rows),
        f"{options.files} files": lambda inbox: many_files(inbox, options.files),
    }
    print("| inbox | size [MB] | wall [s] | CPU [s] | peak memory [MB] |\n|---|---:|---:|---:|---:|")
    for name, write in cases.items():
        with tempfile.TemporaryDirectory(prefix="bench_inbox_") as folder:
            inbox = Path(folder) / "inbox"
            register(inbox)
            write(inbox)
            size = sum(path.stat().st_size for path in inbox.rglob("*.csv")) / 1e6
            wall, cpu, memory = run("nightly", "--inbox", str(inbox), "--data", str(Path(folder) / "data"), "--as-of", "2026-06-30")
            print(f"| {name} | {size:.0f} | {wall:.0f} | {cpu:.0f} | {memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
