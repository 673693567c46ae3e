"""The site of a large province: how long all its pages take, how large they are, and how soon a browser shows one.

The rows of the live release are copied under other codes and earlier months (synthetic, of no meaning beside their number):

    CARBON_DATA=data .venv/bin/python bench/site.py --enterprises 3000 --months 36

Prints a Markdown table: medians of several runs, beside a copy of the same database by DuckDB in the same run.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
from playwright.sync_api import sync_playwright

from pipelines.contracts.rules import all_rules
from pipelines.publish.site import write_site
from pipelines.publish.store import DATABASE, SITE, require_live
from pipelines.settings import load_settings
from pipelines.warehouse.duck import attach, connect

CHROMIUM = "/usr/bin/chromium"
PAGES = ("index.html", "enterprise/index.html", "quality/index.html", "quality/worklist.html", "reconciliation.html", "city/520300.html")
# one row an item, which has the enterprise in its key only: copied rows would be of items that are not there
_OF_ITEMS = ("quality.failed_row", "quality.worklist_row")


def enlarge(source: Path, target: Path, enterprises: int, months: int) -> None:
    """A copy of a release with about so many enterprises and months: every row with a credit code again under others, the last year again in earlier ones."""
    with duckdb.connect() as db:
        db.execute(f"attach '{source}' as src (read_only)")
        db.execute(f"attach '{target}' as dst (storage_version 'v1.5.0')")
        db.execute("copy from database src to dst")
        db.execute("use dst")
        copies = -(-enterprises // db.execute("select count(distinct uscc) from marts.dim_enterprise").fetchone()[0])
        for (table,) in db.execute(
            "select c.schema_name || '.' || c.table_name from duckdb_columns() as c inner join duckdb_tables() as t on t.table_oid = c.table_oid and t.database_name = 'dst'"
            " where c.database_name = 'dst' and c.column_name = 'uscc' and c.schema_name in ('marts', 'quality') order by 1").fetchall():
            if table not in _OF_ITEMS:
                _again(db, table, "uscc", "uscc is not null", copies)
        _again(db, "marts.fct_uncertainty_year", "code", "level = 'enterprise'", copies)
        for table in ("marts.fct_enterprise_account_month", "marts.fct_enterprise_emission_line", "quality.coverage_month", "marts.fct_total_month"):
            _earlier(db, table, months)


def _again(db: duckdb.DuckDBPyConnection, table: str, column: str, where: str, copies: int) -> None:
    db.execute(f"create temp table again as select * from {table} where {where}")
    db.execute(f"insert into {table} select a.* replace ('Y' || lpad(cast(r.i as varchar), 3, '0') || substr(a.{column}, 5) as {column}) from again as a, range(1, {copies}) as r(i)")
    db.execute("drop table again")


def _earlier(db: duckdb.DuckDBPyConnection, table: str, months: int) -> None:
    there, last = db.execute(f"select count(distinct date_trunc('month', period)), max(period) from {table}").fetchone()
    for back in range(there, months):
        of = back % there   # the month that stands for the one that is not there
        db.execute(f"insert into {table} select * replace (cast(period - to_months({back - of}) as date) as period) from {table}"
                   f" where date_trunc('month', period) = date_trunc('month', date '{last}') - to_months({of})")


def timed(work: Callable[[], object]) -> float:
    """Seconds of wall clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--enterprises", type=int, default=3000)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    live, manifest = require_live(load_settings())
    with tempfile.TemporaryDirectory(prefix="bench_site_") as folder:
        large = Path(folder) / DATABASE
        enlarge(live / DATABASE, large, options.enterprises, options.months)
        writing, copying = [], []
        for run in range(options.runs):
            out = Path(folder) / f"run{run}"
            out.mkdir()
            writing.append(timed(lambda out=out: _write(large, out, manifest)))
            copying.append(timed(lambda out=out: _copy(large, out)))
        site = Path(folder) / "run0" / SITE
        files = [path for path in site.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files) / 1e6
        pages = sum(path.suffix == ".html" for path in files)
        whole, plain = statistics.median(writing), statistics.median(copying)
        print(f"{options.enterprises} enterprises x {options.months} months, {os.cpu_count()} cores, Python {platform.python_version()}, median of {options.runs}\n")
        print("| the whole site [s] | a copy of the database [s] | ratio | pages | size [MB] |\n|---:|---:|---:|---:|---:|")
        print(f"| {whole:.1f} | {plain:.2f} | {whole / plain:.0f} | {pages:,} | {size:.1f} |\n")
        print("| page | ready in a browser [s] |\n|---|---:|")
        for page, seconds in _shown(site, options.runs):
            print(f"| `{page}` | {seconds:.2f} |")


def _write(large: Path, out: Path, manifest: dict[str, object]) -> None:
    about = {
        "release_id": manifest["release_id"], "knowledge_date": date.fromisoformat(str(manifest["knowledge_date"])), "is_synthetic": True, "previous_date": None, "closed": None,
    }
    with connect() as db:
        attach(db, large, "sealed")
        write_site(db, out, about, all_rules())


def _copy(large: Path, out: Path) -> None:
    with duckdb.connect() as db:
        db.execute(f"attach '{large}' as src (read_only)")
        db.execute(f"attach '{out / 'copy.duckdb'}' as dst")
        db.execute("copy from database src to dst")


def _shown(site: Path, runs: int) -> list[tuple[str, float]]:
    """Until a page says that it is ready, opened from the disk in a browser without a cache."""
    found = []
    account = min(path for path in (site / "enterprise").glob("*.html") if path.name != "index.html")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for name in (*PAGES, f"enterprise/{account.name}"):
            seconds = []
            for _ in range(runs):
                page = browser.new_page()
                seconds.append(timed(lambda page=page, name=name: (page.goto(f"file://{site}/{name}"), page.wait_for_selector("html[data-ready]", state="attached"))))
                page.close()
            found.append((name, statistics.median(seconds)))
        browser.close()
    return found


if __name__ == "__main__":
    sys.exit(main())
