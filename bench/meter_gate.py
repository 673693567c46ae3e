"""The gate on ten million meter readings in one file: what judging costs beside a plain scan of the same columns, in one run.

`make bench` prints a Markdown table and fails above the bars: row rules 4.5 x the scan, key uniqueness 10 x, 1 GB of memory.
`--old-road N` also judges N rows the way of the other sources, for the record.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipelines.contracts.credit_code import check_digit
from pipelines.contracts.source import load_sources
from pipelines.gate.bulk import duplicates_sql, judge_bulk, profile_sql
from pipelines.gate.delivery import Delivery
from pipelines.gate.expect import evaluate
from pipelines.gate.judge import judge
from pipelines.gate.on_disk import Workbench
from pipelines.gate.standard import Standard
from pipelines.gate.suite import load_suite
from pipelines.ingest.bulk import land
from pipelines.ingest.read import read_file
from pipelines.settings import PROJECT
from pipelines.warehouse.duck import bounded, put, quoted

SOURCE = load_sources()["meter_reading"]
RECEIVED = datetime(2025, 12, 3, 7, 30)
ROW_RULES, UNIQUENESS, MEMORY_MB = 4.5, 10.0, 1000.0
# a plain scan decodes every delivered column once and does next to nothing with it
SCAN = "select max(uscc), max(meter_id), max(energy), max(ts), sum(value), max(unit), max(quality) from {}"


def make_file(db: Any, path: Path, rows: int) -> None:
    """A month of quarter-hourly readings; one reading in a hundred thousand is negative."""
    codes = [body + check_digit(body) for body in (f"91520000MA6{n:06d}" for n in range(2000))]
    put(db, "enterprise", pl.DataFrame({"n": range(2000), "uscc": codes}))
    copy = f"copy ({_READINGS.format(meters=max(1, rows // 2880))}) to {quoted(str(path))}"
    db.execute(f"{copy} ({'header' if path.suffix == '.csv' else 'format parquet, compression zstd'})")


_READINGS = """
select uscc, 'M' || m as meter_id, '电力' as energy,
    strftime(timestamp '2025-11-01' + interval (h * 15) minute, '%Y-%m-%d %H:%M') as ts,
    case when (m * 2880 + h) % 100000 = 99 then -1 else round(10 + 5 * ((m * 7919 + h * 104729) % 9973) / 9973, 3) end as value,
    'kWh' as unit, '正常' as quality
from range({meters}) as a(m) join enterprise on n = m % 2000, range(2880) as b(h)
"""


def median(measure: Callable[[], object], runs: int) -> float:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        measure()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def known(db: Any, path: Path) -> pl.DataFrame:
    codes = [code for (code,) in db.execute(f"select distinct uscc from {quoted(str(path))}").fetchall()]
    return pl.DataFrame({"uscc": codes}).with_columns(
        pl.lit(date(2010, 1, 1)).alias("valid_from"), pl.lit(datetime(2020, 1, 1)).cast(pl.Datetime("us")).alias("enterprise_known_from")
    )


def old_road(folder: Path, rows: int) -> None:
    path = folder / "old.csv"
    with bounded(folder / "spill") as db:
        make_file(db, path, rows)
        register = known(db, path)
    before, start = peak_mb(), time.perf_counter()
    read = read_file(path, SOURCE)
    delivery = Delivery("b", SOURCE, RECEIVED, True, False, rows=read.typed.frame)
    typed = time.perf_counter() - start
    judge(Standard(SOURCE, load_suite(PROJECT / "expectations", SOURCE.name), register, 1.0), [delivery])
    print(f"old road, {rows} rows: typed in {typed:.1f} s, judged in {time.perf_counter() - start - typed:.1f} s, "
          f"peak memory {peak_mb():.0f} MB ({peak_mb() - before:.0f} MB more than before)")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--form", choices=["csv", "parquet"], default="csv")
    parser.add_argument("--old-road", type=int, default=0)
    options = parser.parse_args()
    suite = load_suite(PROJECT / "expectations", SOURCE.name)
    with tempfile.TemporaryDirectory(prefix="bench_meter_") as name:
        folder = Path(name)
        path = folder / f"readings.{options.form}"
        with bounded(folder / "spill") as db:
            make_file(db, path, options.rows)
            register = known(db, path)
            start = time.perf_counter()
            landed = land(db, path, SOURCE, folder / "landed")
            landing = time.perf_counter() - start
            delivery = Delivery("b", SOURCE, RECEIVED, True, False)
            evaluate(SOURCE.name, pl.DataFrame({"_row": [0], "value": [1.0]}), suite.rules[:0])   # the import is paid once a night
            times: dict[str, list[float]] = {"scan": [], "rules": [], "keys": [], "all": []}
            for _ in range(options.runs):
                times["scan"].append(median(lambda: db.execute(SCAN.format(landed.relation)).fetchall(), 1))
                times["rules"].append(median(lambda: _row_rules(db, landed), 1))
                times["keys"].append(median(lambda: db.execute(f"select count(*) from ({duplicates_sql(landed, SOURCE)})").fetchall(), 1))
            times["all"] = [median(lambda: judge_bulk(Standard(SOURCE, suite, register, 0.5), delivery, landed, Workbench(db, folder / "landed")), 1) for _ in range(3)]
        scan, rules, keys, whole = (statistics.median(times[key]) for key in ("scan", "rules", "keys", "all"))
        print(f"{landed.rows} readings as {options.form}, median of {options.runs}\n")
        print("| step | s | x plain scan | bar |\n|---|---:|---:|---:|")
        print(f"| plain scan of the typed file | {scan:.2f} | 1.0 | |")
        print(f"| row rules: one pass for the profile | {rules:.2f} | {rules / scan:.1f} | {ROW_RULES} |")
        print(f"| key uniqueness | {keys:.2f} | {keys / scan:.1f} | {UNIQUENESS:.0f} |")
        print(f"| whole verdict (Great Expectations, failing rows fetched and named) | {whole:.2f} | {whole / scan:.1f} | |")
        print(f"| typing the file | {landing:.1f} | {landing / scan:.1f} | |")
        memory = peak_mb()
        print(f"\npeak memory {memory:.0f} MB (bar {MEMORY_MB:.0f})")
        if options.old_road:
            old_road(folder, options.old_road)
        if rules > ROW_RULES * scan or keys > UNIQUENESS * scan or memory > MEMORY_MB:
            sys.exit("a bar is broken")


def _row_rules(db: Any, landed: Any) -> None:
    """What the gate asks of all rows but their uniqueness."""
    db.execute(profile_sql(landed, SOURCE)).fetchall()
    for word in ("uscc", "quality"):
        db.execute(f"select distinct {word} from {landed.relation}").fetchall()


if __name__ == "__main__":
    main()
