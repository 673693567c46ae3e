"""The batch registry: which delivery is which batch, since when it is known, and how it was judged.

A small SQLite file: transactions make it safe against a kill at any moment, a file that was written before
its row was committed is simply written again. Batches are never changed or removed; a verdict is replaced
only while rows of its batch wait for an enterprise to become known.
"""

from __future__ import annotations

import json
import re
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
create table if not exists decided (
  batch_id text not null, version text not null, holds_from text not null, holds_until text,
  verdict text not null, checks text not null, known_rows text not null, rows text not null,
  primary key (batch_id, holds_from));
create table if not exists decided_mark (batch_id text primary key, mark text not null);
create table if not exists decision_effect (
  batch_id text not null, version text not null, decision_id text not null, row_no integer, check_id text not null,
  column_name text, reported_value text, used_value text, state text not null);
create table if not exists finding_span (
  batch_id text not null, row_no integer not null, check_id text not null, source text not null, uscc text, period text,
  seen_from text not null, seen_until text, primary key (batch_id, row_no, check_id, seen_from));
"""

# Changes of the schema since the first registry, in order; each runs once in a registry (`pragma user_version` counts them).
# Only ever append.
_MIGRATIONS: tuple[str, ...] = ()


_FURTHER_SHEET = re.compile(r"-s([2-9]|[1-9]\d+)$")


def file_batch_id(batch_id: str) -> str:
    """The batch whose received bytes a batch is read from: a further sheet of a workbook (`...-s2`) is a batch of its own."""
    return _FURTHER_SHEET.sub("", batch_id)


@dataclass(frozen=True)
class Version:
    """What decisions make of a batch between two moments (`holds_until` None = from then on).

    verdict, checks, known_rows: as in the tables of these names; rows: the numbers of the rows that differ from the delivered ones.
    """

    batch_id: str
    version: str
    holds_from: str
    holds_until: str | None
    verdict: dict
    checks: list[dict]
    known_rows: list[tuple[str, int]]
    rows: list[int]

    def holds_at(self, moment: datetime) -> bool:
        """Whether this version is the one in force."""
        text = moment.isoformat()
        return self.holds_from <= text and (self.holds_until is None or text < self.holds_until)


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

    @property
    def file_id(self) -> str:
        """The id of the file: that of the batch, or of the batch of its first sheet."""
        return file_batch_id(self.batch_id)

    @property
    def sheet_index(self) -> int:
        """Which of the sheets that fit this batch is, from 0."""
        match = _FURTHER_SHEET.search(self.batch_id)
        return int(match[1]) - 1 if match else 0


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
        self._migrate()

    def _migrate(self) -> None:
        (done,) = self._db.execute("pragma user_version").fetchone()
        for number, statement in list(enumerate(_MIGRATIONS, 1))[done:]:
            with self.transaction():
                self._db.execute(statement)
                self._db.execute(f"pragma user_version = {number}")

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
        known = dict(rows)
        for batch_id, version in self.versions_at(end).items():
            if batch_id in known:
                known[batch_id] = sum(rows for moment, rows in version.known_rows if moment <= end.isoformat())
        return known

    def decided_mark(self, batch_id: str) -> str | None:
        """What the versions of a batch were made from."""
        row = self._db.execute("select mark from decided_mark where batch_id = ?", (batch_id,)).fetchone()
        return row[0] if row else None

    def put_decided(self, batch_id: str, mark: str, versions: Iterable[Version], effects: Iterable[dict]) -> None:
        """Replace the versions of a batch and the effects of the decisions on it."""
        with self.transaction():
            for table in ("decided", "decided_mark", "decision_effect"):
                self._db.execute(f"delete from {table} where batch_id = ?", (batch_id,))
            self._insert("decided_mark", {"batch_id": batch_id, "mark": mark})
            for version in versions:
                row = asdict(version)
                row.update({name: json.dumps(row[name], ensure_ascii=False) for name in ("verdict", "checks", "known_rows", "rows")})
                self._insert("decided", row)
            for effect in effects:
                self._insert("decision_effect", effect)

    def put_standing(self, night: str, rows: Iterable[tuple]) -> None:
        """Carry the spans of findings on the current view on to a night: those that stand begin or go on, the others end.

        `rows`: batch_id, row_no, check_id, source, uscc, period. The same night again replaces what it said; a night before the
        latest one (a replay) changes nothing.
        """
        with self.transaction():
            (last,) = self._db.execute("select max(max(seen_from), max(coalesce(seen_until, ''))) from finding_span").fetchone()
            if last and night < last:
                return
            self._db.execute("delete from finding_span where seen_from = ?", (night,))
            self._db.execute("update finding_span set seen_until = null where seen_until = ?", (night,))
            open_spans = set(self._db.execute("select batch_id, row_no, check_id from finding_span where seen_until is null").fetchall())
            standing = {row[:3]: row for row in rows}
            self._db.executemany(
                "update finding_span set seen_until = ? where batch_id = ? and row_no = ? and check_id = ? and seen_until is null",
                [(night, *key) for key in sorted(open_spans - standing.keys())],
            )
            self._db.executemany(
                "insert into finding_span values (?, ?, ?, ?, ?, ?, ?, null)",
                [(*standing[key], night) for key in sorted(standing.keys() - open_spans)],
            )

    def versions(self) -> list[Version]:
        """All versions of all batches, in order."""
        rows = self._db.execute(
            "select batch_id, version, holds_from, holds_until, verdict, checks, known_rows, rows from decided order by batch_id, holds_from"
        ).fetchall()
        return [Version(*row[:4], *(json.loads(text) for text in row[4:])) for row in rows]

    def versions_at(self, end: datetime) -> dict[str, Version]:
        """batch_id -> the version in force, of the batches that decisions touch."""
        return {v.batch_id: v for v in self.versions() if v.holds_at(end)}

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
