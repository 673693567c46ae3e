"""A load whose rows are too many for memory, added up piece by piece.

A piece of rows is judged and forgotten: what stays of it are counts, and on disk its findings and the rows that some rule
names. DuckDB answers from these, with a memory limit, what the verdict asks, and copies the rows where they belong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.gate.delivery import Delivery
from pipelines.gate.expect import Outcome
from pipelines.gate.findings import (
    Finding,
    count_rules,
    finding_frame,
    merged,
    reader_findings,
    refused_row,
    rule_findings,
    waiting_row,
)
from pipelines.gate.judge import acceptable_from, failing_rows, first_critical
from pipelines.gate.suite import Suite
from pipelines.gate.verdict import known_sql
from pipelines.ingest.bulk import RowsOnDisk
from pipelines.ingest.problem import Unreadable
from pipelines.warehouse.duck import pieces, quoted
from pipelines.warehouse.files import write_parquet
from pipelines.warehouse.lake import FINDING_SCHEMA, Lake, relation
from pipelines.warehouse.records import LakeFile

_FINDINGS = 25_000   # findings that are Python objects at one time
_NAMED: dict[str, Any] = {"row_no": pl.Int64, "acceptable_from": pl.Datetime("us"), "waits": pl.Boolean, "named": pl.Boolean}
_SQL_NAMED = {"row_no": "bigint", "acceptable_from": "timestamp", "waits": "boolean", "named": "boolean"}
_NOT_DELIVERED = ("key_no", "noted", "own_known")   # columns of the typed file that serve the verdict only


@dataclass
class Workbench:
    """Where a large file is judged: a connection with a memory limit, and a folder for what is in between."""

    db: Any
    folder: Path


class OnDisk:
    """The rows of a typed file (`Load`). Those that a rule names stand in the view `named_row` of the connection, from `settle` on in
    `verdict_row`: row_no and known_at (null = held back). Every other row is in order from its receipt."""

    def __init__(self, bench: Workbench, delivery: Delivery, suite: Suite) -> None:
        self.db, self.folder, self.delivery = bench.db, bench.folder, delivery
        self.counts = {rule.id: 0 for rule in suite.rules}
        self.critical: Finding | None = None
        self.waits = False
        self.passes: datetime | None = None
        self._findings: list[Path] = []
        self._named: list[Path] = []
        self._rows = RowsOnDisk(self.folder, 0)
        self._columns: set[str] = set()
        self._clean = 0

    # -- judged piece by piece -------------------------------------------------------------------------------------

    def take(self, rows: pl.DataFrame, outcomes: list[Outcome]) -> None:
        """Keep what a piece came to: counts, findings, and from when the rows that a rule names are in order."""
        mine = failing_rows(rows, outcomes)
        for rule_id, count in count_rules(mine, outcomes).items():
            self.counts[rule_id] += count
        failed = rows.join(mine.select("_row").unique(), on="_row", how="semi", maintain_order="left")
        named: set[int | None] = set()
        for start in range(0, len(failed), _FINDINGS):
            part = failed.slice(start, _FINDINGS)
            here = mine.join(part.select("_row"), on="_row", how="semi", maintain_order="left")
            found = merged(rule_findings(self.delivery, self.delivery.source, part, here, outcomes))
            if first := first_critical([*([self.critical] if self.critical else []), *found], outcomes):
                self.critical = first
            named |= {f.row_no for f in found if f.holds_back}
            self.add(found)
        judged = acceptable_from(failed, mine, outcomes).with_columns(pl.col("row_no").is_in(list(named)).alias("named"))
        judged = judged.filter(pl.col("named") | pl.col("acceptable_from").ne_missing(pl.col("received_at")))
        if len(judged):
            self._named.append(self.folder / f"named.{len(self._named)}.parquet")
            write_parquet(self._named[-1], judged.select(list(_NAMED)).cast(_NAMED))  # type: ignore[arg-type]

    def close(self, landed: RowsOnDisk) -> None:
        """All rows were judged: these are they."""
        self._rows, self._columns, self.delivery.rows_on_disk = landed, landed.columns(self.db), landed.rows
        empty = ", ".join(f"cast(null as {kind}) as {column}" for column, kind in _SQL_NAMED.items())
        query = f"select * from {relation(self._named)}" if self._named else f"select {empty} where false"
        self.db.execute(f"create or replace temp view named_row as {query}")
        ((named, waits),) = self.db.execute("select count(*), coalesce(bool_or(waits), false) from named_row").fetchall()
        self._clean, self.waits = landed.rows - named, bool(waits)
        self.add(merged(reader_findings(self.delivery)))

    # -- what the verdict asks -------------------------------------------------------------------------------------

    def in_order(self, by: datetime | None = None) -> int:
        where = "acceptable_from is not null" if by is None else f"acceptable_from <= {_time(by)}"
        ((count,),) = self.db.execute(f"select count(*) from named_row where {where}").fetchall()
        return int(self._clean + count)

    def moment(self, count: int) -> datetime:
        if count <= self._clean:
            return self.delivery.received_at
        ((moment,),) = self.db.execute(
            f"select acceptable_from from named_row where acceptable_from is not null order by 1 limit 1 offset {count - self._clean - 1}"
        ).fetchall()
        return moment  # type: ignore[no-any-return]

    def settle(self, passes: datetime | None) -> None:
        self.passes = passes
        moment = _time(passes)
        self.db.execute(
            "create or replace temp view verdict_row as select row_no, named,"
            f" case when acceptable_from is not null and {moment} is not null then greatest(acceptable_from, {moment}) end as known_at,"
            f" coalesce(acceptable_from < {moment}, false) as late from named_row"
        )

    def add(self, findings: list[Finding]) -> None:
        for start in range(0, len(findings), _FINDINGS):
            write_parquet(self._findings_file(), finding_frame(findings[start : start + _FINDINGS]))

    def refuse_rest(self, problem: Unreadable) -> None:
        self._add_in_equal_words(refused_row(self.delivery, {}, problem), "v.row_no is null or not v.named")

    def hold_late(self, passes: datetime) -> None:
        self._add_in_equal_words(waiting_row(self.delivery, {}, passes), "v.row_no is null or v.late")

    def _findings_file(self) -> Path:
        self._findings.append(self.folder / f"findings.{len(self._findings)}.parquet")
        return self._findings[-1]

    def _add_in_equal_words(self, words: Finding, where: str) -> None:
        """One finding for many rows, without building them in memory."""
        own = [name for name in ("row_no", "uscc", "period", "estimate_tco2e") if name in self._columns]
        select = ", ".join(
            f"l.{name}" if name in own else f"{_literal(getattr(words, name), kind)} as {name}" for name, kind in FINDING_SCHEMA.items()
        )
        self.db.execute(
            f"copy (select {select} {self._joined} where {where}) to {quoted(str(self._findings_file()))} (format parquet, compression zstd)"
        )

    # -- what is kept ----------------------------------------------------------------------------------------------

    @property
    def _joined(self) -> str:
        return f"from {self._rows.relation} as l left join verdict_row as v using (row_no)"

    @property
    def _held(self) -> str:
        return "true" if self.passes is None else "v.row_no is not null and v.known_at is null"

    @property
    def _entered(self) -> str:
        """SQL: from when a row counts by its load; null = it does not."""
        return f"case when v.row_no is null then {_time(self.passes)} else v.known_at end"

    def _moments(self) -> tuple[str, str]:
        own = "l.own_known" if "own_known" in self._columns else "cast(null as timestamp)"
        return known_sql(self.delivery, self._entered, own, _time(self.delivery.received_at))

    def known(self) -> list[tuple[str, int]]:
        known, _ = self._moments()
        counts = self.db.execute(f"select {known}, count(*) {self._joined} where {self._entered} is not null group by 1 order by 1").fetchall()
        return [(moment.isoformat(), rows) for moment, rows in counts]

    def quantity(self) -> tuple[float | None, float | None]:
        name = self.delivery.source.quantity
        if name is None:
            return None, None
        rows = f"select l.{name} {self._joined} where l.{name} is not null"
        received, held = (math.fsum(value for piece in pieces(self.db, query) for value in piece[name]) for query in (rows, f"{rows} and {self._held}"))
        return received, held

    def put(self, lake: Lake) -> list[LakeFile]:
        source, batch_id = self.delivery.source, self.delivery.batch_id
        known, received = self._moments()
        of_delivery = {
            "batch_id": quoted(batch_id), "received_at": _time(self.delivery.received_at), "is_synthetic": str(self.delivery.is_synthetic).lower(),
        }
        own = {**of_delivery, "received_at": received, "known_at": known, "version": "cast(null as varchar)"}
        select = ", ".join(f"{own.get(name, 'l.' + name)} as {name}" for name in source.lake_schema)
        files = lake.put_query(self.db, source, batch_id, select, f"{self._joined} where {self._entered} is not null")
        leave = ", ".join(name for name in _NOT_DELIVERED if name in self._columns)
        held = f"{', '.join(f'{value} as {name}' for name, value in of_delivery.items())}, l.*{f' exclude ({leave})' if leave else ''}"
        return files + lake.put_quarantine_query(
            self.db, source.name, batch_id, f"select * from {relation(self._findings)}" if self._findings else None,
            f"select {held} {self._joined} where {self._held}",
        )


def _time(moment: datetime | None) -> str:
    return "cast(null as timestamp)" if moment is None else f"cast({quoted(str(moment))} as timestamp)"


def _literal(value: object, kind: object) -> str:
    sql = {pl.String: "varchar", pl.Int64: "bigint", pl.Float64: "double", pl.Date: "date"}.get(kind, "timestamp")  # type: ignore[call-overload]
    return f"cast({'null' if value is None else quoted(str(value))} as {sql})"
