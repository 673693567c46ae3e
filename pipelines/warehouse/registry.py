"""The batch registry: which delivery is which batch, since when it is known, and how it was judged.

A small SQLite file: transactions make it safe against a kill at any moment, a file that was written before
its row was committed is simply written again. Batches are never changed or removed; a verdict is replaced
only while rows of its batch wait for an enterprise to become known.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path

import polars as pl

_SCHEMA = """
create table if not exists batch (
  batch_id text primary key, source text not null, file_name text not null, sha256 text not null, size integer not null,
  received_at text not null, received_basis text not null, is_synthetic integer not null, is_published integer not null,
  document text, document_date text, sender text, licence text, suffix text not null, first_seen text not null,
  problem_id text, problem_zh text, problem_en text);
create table if not exists path_seen (
  source text not null, file_name text not null, batch_id text not null, first_seen text not null,
  primary key (source, file_name, batch_id));
create table if not exists verdict (
  batch_id text primary key, suite_version text not null, rows_received integer not null,
  refused_by text, reason_zh text, reason_en text,
  passes_from text, waiting integer not null, quantity_received real, quantity_quarantined real, sheet text,
  first_night text not null);
create table if not exists check_result (
  batch_id text not null, check_id text not null, severity text not null, passed integer not null,
  rows_failed integer not null, suite_version text not null, primary key (batch_id, check_id));
create table if not exists known_rows (
  batch_id text not null, known_at text not null, rows integer not null, primary key (batch_id, known_at));
"""


@dataclass(frozen=True)
class Batch:
    """One delivery, by its bytes. Moments are Asia/Shanghai wall clock in ISO form.

    received_basis: `sidecar`, `first_night` (no sidecar: the knowledge date of the first night that saw it)
    or `document` (published tables). `problem_*` are set when it is no readable file.
    """

    batch_id: str
    source: str
    file_name: str
    sha256: str
    size: int
    received_at: str
    received_basis: str
    is_synthetic: int
    is_published: int
    document: str | None
    document_date: str | None
    sender: str | None
    licence: str | None
    suffix: str
    first_seen: str
    problem_id: str | None = None
    problem_zh: str | None = None
    problem_en: str | None = None

    @property
    def received(self) -> datetime:
        return datetime.fromisoformat(self.received_at)


@dataclass(frozen=True)
class Verdict:
    """How a batch was judged. `passes_from` = from when enough of its rows count; None = never (refused).

    `waiting` = 1 while rows wait for an enterprise that is not in the register: judged again every night.
    """

    batch_id: str
    suite_version: str
    rows_received: int
    refused_by: str | None
    reason_zh: str | None
    reason_en: str | None
    passes_from: str | None
    waiting: int
    quantity_received: float | None
    quantity_quarantined: float | None
    sheet: str | None
    first_night: str


class Registry:
    """The registry file of one data folder."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, timeout=30)
        self._db.execute("pragma synchronous = full")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; one inside another is part of it."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def batches(self) -> dict[str, Batch]:
        """All batches by id."""
        names = ", ".join(f.name for f in fields(Batch))
        rows = self._db.execute(f"select {names} from batch order by batch_id").fetchall()
        return {row[0]: Batch(*row) for row in rows}

    def verdicts(self) -> dict[str, Verdict]:
        """All verdicts by batch id."""
        names = ", ".join(f.name for f in fields(Verdict))
        rows = self._db.execute(f"select {names} from verdict").fetchall()
        return {row[0]: Verdict(*row) for row in rows}

    def add_batch(self, batch: Batch) -> None:
        self._insert("batch", asdict(batch), "or ignore")

    def see_path(self, source: str, file_name: str, batch_id: str, night: str) -> None:
        """Remember under which names the bytes of a batch were seen."""
        row = {"source": source, "file_name": file_name, "batch_id": batch_id, "first_seen": night}
        self._insert("path_seen", row, "or ignore")

    def paths(self) -> set[tuple[str, str, str]]:
        return set(self._db.execute("select source, file_name, batch_id from path_seen").fetchall())

    def put_verdict(self, verdict: Verdict, checks: Iterable[dict], known: Iterable[tuple[str, int]]) -> None:
        """Record a verdict with its check results and the number of rows known from each moment."""
        with self.transaction():
            self._insert("verdict", asdict(verdict), "or replace")
            for table in ("check_result", "known_rows"):
                self._db.execute(f"delete from {table} where batch_id = ?", (verdict.batch_id,))
            self._insert_all("check_result", list(checks))
            self._insert_all("known_rows", [{"batch_id": verdict.batch_id, "known_at": at, "rows": rows} for at, rows in known])

    def known_rows(self, end: datetime) -> dict[str, int]:
        """batch_id -> rows that count at a knowledge date, of the batches received by then."""
        rows = self._db.execute(
            """select b.batch_id, coalesce(sum(k.rows) filter (where k.known_at <= ?), 0)
               from batch b left join known_rows k using (batch_id) where b.received_at <= ? group by 1 order by 1""",
            (end.isoformat(), end.isoformat()),
        ).fetchall()
        return dict(rows)

    def table(self, name: str) -> pl.DataFrame:
        """A whole table as a frame, in a stable order."""
        cursor = self._db.execute(f"select * from {name} order by 1, 2")
        columns = [d[0] for d in cursor.description]
        rows = cursor.fetchall()
        return pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None)

    def _insert(self, table: str, row: dict, how: str = "") -> None:
        self._insert_all(table, [row], how)

    def _insert_all(self, table: str, rows: list[dict], how: str = "") -> None:
        if rows:
            names = ", ".join(rows[0])
            marks = ", ".join(f":{name}" for name in rows[0])
            self._db.executemany(f"insert {how} into {table} ({names}) values ({marks})", rows)
