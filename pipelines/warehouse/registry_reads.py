"""Reading a registry file without opening it for a night: by commands, pages and explanations."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.problem import Problem
from pipelines.warehouse.records import NightRun, SealedRelease, YearClosing


def read_nights(path: Path) -> list[NightRun]:
    """Every night of a registry file, the first first; the file is only read. None where there is no registry yet."""
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)) as db:
        known = db.execute("select 1 from sqlite_master where type = 'table' and name = 'night'").fetchone()
        return night_runs(db) if known else []   # no table: a registry of before there were nights in it


def night_runs(db: sqlite3.Connection, where: str = "") -> list[NightRun]:
    names = ", ".join(f.name for f in fields(NightRun))
    rows = [dict(zip((f.name for f in fields(NightRun)), row, strict=True)) for row in db.execute(f"select {names} from night {where} order by started, night_id")]
    return [NightRun(**{**row, **{name: json.loads(row[name] or "{}") for name in ("counts", "seconds_by_stage")}}) for row in rows]


def night_row(night: NightRun) -> dict[str, Any]:
    row = asdict(night)
    row.update({name: json.dumps(row[name]) for name in ("counts", "seconds_by_stage")})
    return row


def sealed_releases(db: sqlite3.Connection) -> list[SealedRelease]:
    names = ", ".join(f.name for f in fields(SealedRelease))
    return [SealedRelease(*row) for row in db.execute(f"select {names} from release order by rowid").fetchall()]


def year_closings(db: sqlite3.Connection) -> list[YearClosing]:
    names = ", ".join(f.name for f in fields(YearClosing))
    return [YearClosing(*row) for row in db.execute(f"select {names} from year_closing order by year, closed_at, release_id").fetchall()]


def read_year_closings(path: Path) -> list[YearClosing]:
    """Every closing of a year that a registry file remembers; the file is only read."""
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)) as db:
        known = db.execute("select 1 from sqlite_master where type = 'table' and name = 'year_closing'").fetchone()
        return year_closings(db) if known else []   # no table: a registry of before years were closed


def read_releases(path: Path) -> list[SealedRelease] | None:
    """The sealings that a registry remembers, without opening it for a night; None = it is not there, or of before they were kept.

    A transaction that a kill left open is rolled back, as by every opening. Raises Problem when the file is damaged.
    """
    if not path.exists():
        return None
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=30)
        try:
            db.execute("pragma query_only = on")
            kept = db.execute("select 1 from sqlite_master where type = 'table' and name = 'release'").fetchone()
            return sealed_releases(db) if kept else None
        finally:
            db.close()
    except sqlite3.Error as error:
        raise Problem(f"登记库 {path.name} 无法读取：{error}", f"the registry {path.name} cannot be read: {error}") from error


def in_version(rows: pl.DataFrame, path: Path, end: datetime) -> pl.DataFrame:
    """Rows of the lake in the version that the decisions in force at a moment make of them; `path` is the registry, only read."""
    if not path.exists():
        return rows.filter(pl.col("version").is_null())
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        found = db.execute(
            "select batch_id, version, rows from decided where holds_from <= ? and (holds_until is null or holds_until > ?)",
            (end.isoformat(), end.isoformat()),
        ).fetchall()
    except sqlite3.OperationalError:   # a registry of before there were decisions
        found = []
    finally:
        db.close()
    decided = pl.DataFrame(
        [(batch_id, row, version) for batch_id, version, numbers in found for row in json.loads(numbers)],
        schema={"batch_id": pl.String, "row_no": pl.Int64, "in_force": pl.String}, orient="row",
    )
    joined = rows.join(decided, on=["batch_id", "row_no"], how="left", maintain_order="left")
    return joined.filter(pl.col("version").eq_missing(pl.col("in_force"))).drop("in_force")
