"""The batch registry: which delivery is which batch, since when it is known, and how it was judged.

A small SQLite file: transactions make it safe against a kill at any moment, a file that was written before
its row was committed is simply written again. The bytes of a batch never change and no batch is removed; what its
sidecar says may be corrected (`sidecar_seen` keeps all of it). A verdict is replaced while rows of its batch wait for an
enterprise to become known, and made anew when the sidecar or the received copy of its batch was put right.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl

from pipelines.problem import Problem
from pipelines.warehouse.files import is_storage_trouble, make_folder, remove_files, sha256_of, write_atomically
from pipelines.warehouse.records import (
    DECIDED_KINDS,
    VERDICT_KINDS,
    Batch,
    GivenUp,
    LakeFile,
    NightRun,
    Promotion,
    Said,
    SealedRelease,
    Verdict,
    Version,
    YearClosing,
)
from pipelines.warehouse.registry_reads import night_row, night_runs, sealed_releases, year_closings
from pipelines.warehouse.registry_schema import MIGRATIONS, SCHEMA


class RegistryDamaged(Problem):
    """The registry is not what it was: nothing is built on it."""

    def __init__(self, path: Path, zh: str, en: str) -> None:
        super().__init__(
            f"批次登记 {path} 已损坏：{zh}。请用备份中同一天的 data 文件夹（登记库与其余文件须为同一次备份）恢复后再运行；上一次发布不受影响",
            f"the batch registry {path} is damaged: {en}. Restore the data folder from a back-up (registry and files of the same one) and run again; the last release stands",
        )


def seal_of(path: Path) -> Path:
    """Where the SHA-256 of a closed registry stands."""
    return path.with_name(path.name + ".sha256")


def broken_seal(path: Path) -> bool:
    """True when a sealed registry is not what was sealed (or is gone). One that a night opens meanwhile is not sealed any more."""
    said = _seal_text(path)
    if said is None:
        return False
    try:
        right = sha256_of(path) == said
    except FileNotFoundError:
        right = False
    return not right and _seal_text(path) == said


def _seal_text(path: Path) -> str | None:
    try:
        return seal_of(path).read_text("utf-8", errors="replace").strip()
    except FileNotFoundError:
        return None


class Registry:
    """The registry file of one data folder.

    While nobody has it open its bytes are sealed by `<name>.sha256` beside it, so that a byte that changed is seen before
    a night rests on it; a night that is killed leaves no seal, and SQLite's own check must do.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open, or make, a registry. Raises RegistryDamaged."""
        self.path, self._read_only = path, read_only
        if not read_only:
            make_folder(path.parent)
        if broken_seal(path):
            raise RegistryDamaged(path, "内容与封签不符", "its bytes are not those that were sealed")
        try:
            self._db = sqlite3.connect(f"file:{quote(str(path))}{'?mode=ro' if read_only else ''}", isolation_level=None, timeout=30, uri=True)
            if not read_only:
                self._db.execute("pragma synchronous = full")
                remove_files([seal_of(path)])   # it is about to change
                self._db.executescript(SCHEMA)
                self._migrate()
            if problems := self.integrity():
                raise RegistryDamaged(path, f"SQLite 检查未通过（{problems[0]}）", f"SQLite finds it damaged ({problems[0]})")
        except sqlite3.DatabaseError as error:
            if is_storage_trouble(error):
                raise
            raise RegistryDamaged(path, f"无法读取（{error}）", f"it cannot be read ({error})") from error

    def _migrate(self) -> None:
        (done,) = self._db.execute("pragma user_version").fetchone()
        for number, statement in list(enumerate(MIGRATIONS, 1))[done:]:
            with self.transaction():
                self._db.execute(statement)
                self._db.execute(f"pragma user_version = {number}")

    def integrity(self, *, full: bool = False) -> list[str]:
        """What SQLite finds wrong with the file; `full` also compares every index with its table."""
        found = self._db.execute("pragma integrity_check(20)" if full else "pragma quick_check(1)").fetchall()
        return [text for (text,) in found if text != "ok"]

    def close(self) -> None:
        """Close the file and seal it."""
        self._db.close()
        if not self._read_only and self.path.exists():
            write_atomically(seal_of(self.path), f"{sha256_of(self.path)}\n".encode())

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; one inside another is part of it."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("begin immediate")
        try:
            yield
            self._db.execute("commit")
        except BaseException:
            # SQLite itself rolls back on a full disk; whatever a rollback says must not hide what went wrong first
            if self._db.in_transaction:
                with suppress(sqlite3.Error):
                    self._db.execute("rollback")
            raise

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

    def replace_batch(self, batch: Batch) -> None:
        """Put what the sidecar says of a batch right."""
        self._insert("batch", asdict(batch), "or replace")

    def said(self) -> dict[str, list[Said]]:
        """batch_id -> all that its sidecars said, in the order in which it was seen."""
        names = ", ".join(f.name for f in fields(Said))
        found: dict[str, list[Said]] = {}
        for row in self._db.execute(f"select {names} from sidecar_seen order by number"):
            found.setdefault(row[0], []).append(Said(*row))
        return found

    def add_said(self, said: Said) -> None:
        self._insert("sidecar_seen", asdict(said))

    def copies(self) -> dict[str, tuple[int, int]]:
        """batch_id -> (size, time of change in ns) of its received copy when it was last found right."""
        return {batch_id: (size, changed) for batch_id, size, changed in self._db.execute("select batch_id, size, mtime_ns from kept_copy")}

    def put_copy(self, batch_id: str, state: tuple[int, int]) -> None:
        self._insert("kept_copy", {"batch_id": batch_id, "size": state[0], "mtime_ns": state[1]}, "or replace")

    def given_up(self) -> dict[str, GivenUp]:
        """batch_id -> why nights go on without its received copy."""
        names = ", ".join(f.name for f in fields(GivenUp))
        return {row[0]: GivenUp(*row) for row in self._db.execute(f"select {names} from given_up order by batch_id")}

    def give_up(self, row: GivenUp) -> None:
        """Have nights go on without a received copy."""
        self._insert("given_up", asdict(row), "or replace")

    def take_back(self, batch_id: str) -> None:
        """A received copy that was given up is there again."""
        self._db.execute("delete from given_up where batch_id = ?", (batch_id,))

    def unjudge(self, batch_id: str) -> None:
        """Take back the verdict on a batch and what decisions made of it: the gate judges it anew."""
        with self.transaction():
            for table in ("verdict", "check_result", "known_rows"):
                self._db.execute(f"delete from {table} where batch_id = ?", (batch_id,))
            self.forget_decided(batch_id)

    def forget_decided(self, batch_id: str) -> None:
        """Take back what decisions made of a batch: it is made anew from the decisions that stand."""
        with self.transaction():
            for table in ("decided", "decided_mark", "decision_effect"):
                self._db.execute(f"delete from {table} where batch_id = ?", (batch_id,))

    def forget_files(self, batch_id: str, kinds: tuple[str, ...]) -> None:
        """Take the files of a batch out of the lake: what lies there is read no more."""
        with self.transaction():
            self._replace_files(batch_id, kinds, ())

    def see_path(self, source: str, file_name: str, batch_id: str, night: str) -> None:
        """Remember under which names the bytes of a batch were seen."""
        row = {"source": source, "file_name": file_name, "batch_id": batch_id, "first_seen": night}
        self._insert("path_seen", row, "or ignore")

    def paths(self) -> set[tuple[str, str, str]]:
        return set(self._db.execute("select source, file_name, batch_id from path_seen").fetchall())

    def put_verdict(
        self, verdict: Verdict, checks: Iterable[dict[str, Any]], known: Iterable[tuple[str, int]], files: Iterable[LakeFile] = ()
    ) -> None:
        """Record a verdict with its check results, the number of rows known from each moment, and all files that it made."""
        with self.transaction():
            self._insert("verdict", asdict(verdict), "or replace")
            self._db.execute("delete from judging where batch_id = ?", (verdict.batch_id,))
            self._replace_files(verdict.batch_id, VERDICT_KINDS, files)
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

    def put_decided(
        self, batch_id: str, mark: str, versions: Iterable[Version], effects: Iterable[dict[str, Any]], files: Iterable[LakeFile] = ()
    ) -> None:
        """Replace the versions of a batch, the effects of the decisions on it and the files that they made."""
        with self.transaction():
            self._replace_files(batch_id, DECIDED_KINDS, files)
            for table in ("decided", "decided_mark", "decision_effect"):
                self._db.execute(f"delete from {table} where batch_id = ?", (batch_id,))
            self._insert("decided_mark", {"batch_id": batch_id, "mark": mark})
            for version in versions:
                row = asdict(version)
                row.update({name: json.dumps(row[name], ensure_ascii=False) for name in ("verdict", "checks", "known_rows", "rows")})
                self._insert("decided", row)
            for effect in effects:
                self._insert("decision_effect", effect)

    def decided_batches(self) -> set[str]:
        """Batches that have versions."""
        return {batch_id for (batch_id,) in self._db.execute("select batch_id from decided_mark")}

    def forget_decided_mark(self, batch_id: str) -> None:
        """Have the versions of a batch made again."""
        self._db.execute("delete from decided_mark where batch_id = ?", (batch_id,))

    # -- the files of the lake -------------------------------------------------------------------------------------

    def lake_files(self, *, batch_id: str | None = None, source: str | None = None, kinds: Iterable[str] = ()) -> list[LakeFile]:
        """The files of the lake, all or those of a batch, a source or some kinds, by path."""
        wanted = {"batch_id": batch_id, "source": source}
        where = [f"f.{name} = ?" for name, value in wanted.items() if value is not None]
        values = [value for value in wanted.values() if value is not None]
        if kinds := tuple(kinds):
            where.append(f"f.kind in ({', '.join('?' * len(kinds))})")
            values += kinds
        names = [f.name for f in fields(LakeFile) if f.name != "rows"]
        found: dict[str, LakeFile] = {}
        for row in self._db.execute(
            f"select {', '.join(f'f.{name}' for name in names)}, r.known_at, r.rows, r.quantity from lake_file as f"
            f" left join lake_rows as r on r.path = f.path {'where ' + ' and '.join(where) if where else ''} order by f.path, r.known_at", values,
        ):
            before = found.get(row[0]) or LakeFile(*row[: len(names)])
            counted = row[len(names):]
            found[row[0]] = before if counted[0] is None else replace(before, rows=(*before.rows, counted))
        return list(found.values())

    def _replace_files(self, batch_id: str, kinds: tuple[str, ...], files: Iterable[LakeFile]) -> None:
        old = self._db.execute(
            f"select path from lake_file where batch_id = ? and kind in ({', '.join('?' * len(kinds))})", (batch_id, *kinds)
        ).fetchall()
        for table in ("lake_rows", "lake_file"):
            self._db.executemany(f"delete from {table} where path = ?", old)
        for file in files:
            self.put_lake_file(file)

    def put_lake_file(self, file: LakeFile) -> None:
        """Enter one file, in place of what the registry knew under its path."""
        with self.transaction():
            row = asdict(file)
            counted = row.pop("rows")
            self._insert("lake_file", row, "or replace")
            self._db.execute("delete from lake_rows where path = ?", (file.path,))
            self._insert_all("lake_rows", [{"path": file.path, "known_at": at, "rows": rows, "quantity": sum_} for at, rows, sum_ in counted])

    # -- what is being judged, and what was told -------------------------------------------------------------------

    def begin_judging(self, batch_ids: Iterable[str]) -> None:
        """Remember what is about to be read: a night that is killed by a file finds it here."""
        with self.transaction():
            self._insert_all("judging", [{"batch_id": batch_id} for batch_id in batch_ids], "or ignore")

    def end_judging(self, batch_ids: Iterable[str]) -> None:
        """They were judged, or the night ends in good order."""
        with self.transaction():
            self._db.executemany("delete from judging where batch_id = ?", [(batch_id,) for batch_id in batch_ids])

    def judging(self) -> set[str]:
        """Batches that were being judged when a night was killed."""
        return {batch_id for (batch_id,) in self._db.execute("select batch_id from judging")}

    def untold(self, end: datetime) -> dict[str, str]:
        """batch_id -> mark of every verdict that no published night has told, of the batches received by then."""
        return dict(self._db.execute(
            """select m.batch_id, m.mark from verdict_mark as m join batch as b on b.batch_id = m.batch_id
               left join told as t on t.batch_id = m.batch_id and t.mark = m.mark
               where t.batch_id is null and b.received_at <= ? order by m.batch_id""", (end.isoformat(),),
        ).fetchall())

    def put_told(self, marks: dict[str, str], release_id: str, night: str) -> None:
        """These verdicts were told with a release."""
        rows = [{"batch_id": b, "mark": mark, "release_id": release_id, "night": night} for b, mark in marks.items()]
        with self.transaction():
            self._insert_all("told", rows, "or replace")

    def known_moments(self, batch_ids: Iterable[str]) -> dict[str, list[tuple[str, int]]]:
        """batch_id -> (moment, rows that count from it), as delivered."""
        return {
            batch_id: self._db.execute("select known_at, rows from known_rows where batch_id = ? order by 1", (batch_id,)).fetchall()
            for batch_id in batch_ids
        }

    def put_standing(self, night: str, rows: Iterable[tuple[Any, ...]]) -> None:
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

    def forget_standing_after(self, night: str) -> None:
        """Take back what nights after this one said of findings on the current view: the nights go on from here."""
        with self.transaction():
            self._db.execute("delete from finding_span where seen_from > ?", (night,))
            self._db.execute("update finding_span set seen_until = null where seen_until > ?", (night,))

    def releases(self) -> list[SealedRelease]:
        """Every sealing, the first first; releases that are pruned among them."""
        return sealed_releases(self._db)

    def add_release(self, release: SealedRelease) -> None:
        """Remember the hash of a sealed release."""
        self._insert("release", asdict(release), "or replace")

    def promotion(self) -> Promotion | None:
        """The last time that a release went live."""
        names = ", ".join(f.name for f in fields(Promotion))
        row = self._db.execute(f"select {names} from promotion order by number desc limit 1").fetchone()
        return Promotion(*row) if row else None

    def add_promotion(self, promotion: Promotion) -> None:
        """Remember which release went live, by whom and why."""
        self._insert("promotion", asdict(promotion))

    def year_closings(self) -> list[YearClosing]:
        """Every closing of a year, reopened ones among them, in order of year and closing."""
        return year_closings(self._db)

    def put_year_closing(self, closing: YearClosing) -> None:
        """Remember that a year was closed, or opened again."""
        self._insert("year_closing", asdict(closing), "or replace")

    def closed_years(self, day: date) -> tuple[YearClosing, ...]:
        """The years that are closed for a release of that knowledge date: by an earlier one, and not opened again."""
        return tuple(c for c in self.year_closings() if c.reopened_at is None and c.knowledge_date < day.isoformat())

    def stand_by(self, night: str) -> None:
        """A night found nothing new: what is live is still right on its day."""
        self._db.execute(
            "update promotion set last_night = max(last_night, ?) where number = (select max(number) from promotion)", (night,)
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

    def begin_night(self, night: NightRun) -> list[NightRun]:
        """Record that a night has begun. Returns the nights that ended without a word: the caller holds the lock, so they are dead."""
        with self.transaction():
            dead = night_runs(self._db, "where outcome = 'running'")
            self._db.execute("update night set outcome = 'killed' where outcome = 'running'")
            self._insert("night", night_row(night))
        return dead

    def end_night(self, night: NightRun) -> None:
        """Record how a night ended."""
        self._insert("night", night_row(night), "or replace")

    def nights(self) -> list[NightRun]:
        """Every night, the first first."""
        return night_runs(self._db)

    def table(self, name: str) -> pl.DataFrame:
        """A whole table as a frame, in a stable order."""
        cursor = self._db.execute(f"select * from {name} order by 1, 2")
        columns = [d[0] for d in cursor.description]
        rows = cursor.fetchall()
        return pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None)

    def _insert(self, table: str, row: dict[str, Any], how: str = "") -> None:
        self._insert_all(table, [row], how)

    def _insert_all(self, table: str, rows: list[dict[str, Any]], how: str = "") -> None:
        if rows:
            names = ", ".join(rows[0])
            marks = ", ".join(f":{name}" for name in rows[0])
            self._db.executemany(f"insert {how} into {table} ({names}) values ({marks})", rows)
