"""The verdict on a file of any size, added up piece by piece.

A piece of rows is judged and forgotten: what stays of it are counts, and on disk its findings and the rows that some rule
names. The load is judged from these at the end, by the same definitions as in `judge`, in DuckDB with a memory limit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.gate.delivery import Delivery
from pipelines.gate.expect import Outcome
from pipelines.gate.findings import (
    LATE,
    REDELIVER,
    WAIT,
    check_of,
    count_rules,
    error_problem,
    finding,
    list_checks,
    load_finding,
    malformed_findings,
    merged,
    note_findings,
    rule_findings,
    share_problem,
)
from pipelines.gate.judge import acceptable_from, failing_rows
from pipelines.gate.suite import Suite
from pipelines.ingest.bulk import RowsOnDisk
from pipelines.ingest.problem import Unreadable
from pipelines.warehouse.duck import pieces, quoted
from pipelines.warehouse.files import write_parquet
from pipelines.warehouse.lake import FINDING_SCHEMA, relation

_FINDINGS = 25_000   # findings that are Python objects at one time
_NAMED: dict[str, Any] = {"row_no": pl.Int64, "acceptable_from": pl.Datetime("us"), "waits": pl.Boolean, "named": pl.Boolean}


@dataclass
class BulkJudgement:
    """The verdict on one file. Its rows lie in the typed file; those that a rule names stand in the view `verdict_row` of
    the connection: row_no and known_at (null = held back). Every other row counts from `clean_known_at`.

    Attributes:
        clean_known_at: None when the load is refused; known: (moment, rows that count from it);
        findings: Parquet files that together hold all findings of the load.
    """

    delivery: Delivery
    landed: RowsOnDisk
    checks: list[dict]
    findings: list[Path]
    clean_known_at: datetime | None
    known: list[tuple[datetime, int]]
    quantity: tuple[float | None, float | None]
    passes_from: datetime | None
    waiting: bool
    refused_by: str | None = None
    reason_zh: str | None = None
    reason_en: str | None = None

    @property
    def rows_received(self) -> int:
        return self.landed.rows + len(self.delivery.malformed)

    def accepted_sql(self, columns: set[str]) -> tuple[str, str, str]:
        """SQL of the typed rows `l` that enter (from ... where ...), of their known_at and of their received_at."""
        base = f"case when v.row_no is null then {_time(self.clean_known_at)} else v.known_at end"
        received = _time(self.delivery.received_at)
        own = "l.own_known" if "own_known" in columns else "cast(null as timestamp)"
        known = base
        if self.delivery.is_published:   # as in `judge`: a table of the project is known from its own dates, else from its document's
            known = received = f"coalesce({own}, {received})"
        elif self.delivery.source.known_from_document:
            known = f"greatest({base}, coalesce({own}, {base}))"
        return f"from {self.landed.relation} as l left join verdict_row as v on v.row_no = l.row_no where {base} is not null", known, received


class Tally:
    """Takes the judged pieces of one file and concludes. `limit` as in `judge`; `folder` takes what is in between."""

    def __init__(self, db: Any, delivery: Delivery, suite: Suite, limit: float, folder: Path) -> None:
        self.db, self.delivery, self.suite, self.limit, self.folder = db, delivery, suite, limit, folder
        self._counts = {rule.id: 0 for rule in suite.rules}
        self._findings: list[Path] = []
        self._named: list[Path] = []
        self._critical: tuple[int, int, dict] | None = None   # position of the rule, row: the first one gives the reason

    def take(self, rows: pl.DataFrame, outcomes: list[Outcome]) -> None:
        """Keep what a piece came to: counts, findings, and from when the rows that a rule names are in order."""
        mine = failing_rows(rows, outcomes)
        for rule_id, count in count_rules(mine, outcomes).items():
            self._counts[rule_id] += count
        failed = rows.join(mine.select("_row").unique(), on="_row", how="semi", maintain_order="left")
        named: set[int] = set()
        for start in range(0, len(failed), _FINDINGS):
            part = failed.slice(start, _FINDINGS)
            here = mine.join(part.select("_row"), on="_row", how="semi", maintain_order="left")
            found = merged(rule_findings(self.delivery, self.delivery.source, part, here, outcomes))
            self._note_critical(found, outcomes)
            named |= {f["row_no"] for f in found if f["severity"] != "info"}
            self._add_findings(found)
        judged = acceptable_from(failed, mine, outcomes).with_columns(pl.col("row_no").is_in(list(named)).alias("named"))
        judged = judged.filter(pl.col("named") | pl.col("acceptable_from").ne_missing(pl.col("received_at")))
        if len(judged):
            self._named.append(self.folder / f"named.{len(self._named)}.parquet")
            write_parquet(self._named[-1], judged.select(list(_NAMED)).cast(_NAMED))  # type: ignore[arg-type]

    def _note_critical(self, found: list[dict], outcomes: list[Outcome]) -> None:
        place = {outcome.rule.id: i for i, outcome in reversed(list(enumerate(outcomes)))}
        for item in found:
            if item["severity"] == "critical":
                this = place[item["check_id"]], item["row_no"], item
                self._critical = this if self._critical is None else min(self._critical, this, key=lambda c: c[:2])

    def _add_findings(self, found: list[dict]) -> None:
        if found:
            self._findings.append(self.folder / f"findings.{len(self._findings)}.parquet")
            write_parquet(self._findings[-1], pl.DataFrame(found, schema=FINDING_SCHEMA, orient="row"))

    def conclude(self, landed: RowsOnDisk, error: Outcome | None) -> BulkJudgement:
        """The verdict on the load. `error` is an expectation that could not be evaluated."""
        delivery, received_at = self.delivery, self.delivery.received_at
        self._view("named_row", self._named)
        for lines in _slices(delivery.malformed, _FINDINGS):
            self._add_findings(malformed_findings(delivery, lines))
        self._add_findings(merged(note_findings(delivery)))
        ((named, in_order, waits),) = self.db.execute("select count(*), count(acceptable_from), coalesce(bool_or(waits), false) from named_row").fetchall()
        received, clean = landed.rows + len(delivery.malformed), landed.rows - named
        needed = max(math.ceil(received * (1 - self.limit) - 1e-9), 1)
        problem = self._refusal(error, received, clean + in_order, needed)
        checks = list_checks(self._counts, self.suite.rules, delivery)
        if problem and (error or problem.check_id == "L17-share"):
            checks.append(check_of(problem.check_id, "critical", received - (0 if error else clean + in_order)))
        passes = None if problem else received_at if needed <= clean else self._moment(needed - clean)
        self._verdict_rows(passes)
        if problem:
            words = Unreadable(problem.check_id, f"整批退回：{problem.zh}", f"the load is refused: {problem.en}")
            self._add_findings([load_finding(delivery, problem)])
            self._name_rows(landed, "v.row_no is null or not v.named", words, REDELIVER, None)
        elif passes and passes > received_at:
            ((good,),) = self.db.execute(f"select count(*) from named_row where acceptable_from <= {_time(received_at)}").fetchall()
            refused = share_problem(self.limit, received - clean - good, received)
            self._add_findings([{**load_finding(delivery, refused), "holds_until": passes}])
            self._name_rows(landed, "v.row_no is null or v.late", LATE, WAIT, passes)
        waiting = bool(waits) and (problem is None or problem.check_id == "L17-share")
        judgement = BulkJudgement(
            delivery, landed, checks, self._findings, passes, [], self._quantity(landed, passes is None), passes, waiting,
            *((problem.check_id, problem.zh, problem.en) if problem else ()),
        )
        rows, known, _ = judgement.accepted_sql(landed.columns(self.db))
        judgement.known = self.db.execute(f"select {known}, count(*) {rows} group by 1 order by 1").fetchall()
        return judgement

    def _view(self, name: str, files: list[Path]) -> None:
        empty = ", ".join(f"cast(null as {kind}) as {column}" for column, kind in _SQL_NAMED.items())
        query = f"select * from {relation(files)}" if files else f"select {empty} where false"
        self.db.execute(f"create or replace temp view {name} as {query}")

    def _refusal(self, error: Outcome | None, received: int, good: int, needed: int) -> Unreadable | None:
        if error:
            return error_problem(error)
        if self._critical:
            first = self._critical[2]
            return Unreadable(first["check_id"], first["message_zh"], first["message_en"])
        return share_problem(self.limit, received - good, received) if good < needed else None

    def _moment(self, count: int) -> datetime:
        """From when that many of the named rows are in order."""
        ((moment,),) = self.db.execute(
            f"select acceptable_from from named_row where acceptable_from is not null order by 1 limit 1 offset {count - 1}"
        ).fetchall()
        return moment

    def _verdict_rows(self, passes: datetime | None) -> None:
        moment = _time(passes)
        self.db.execute(
            "create or replace temp view verdict_row as select row_no, named,"
            f" case when acceptable_from is not null and {moment} is not null then greatest(acceptable_from, {moment}) end as known_at,"
            f" coalesce(acceptable_from < {moment}, false) as late from named_row"
        )

    def _quantity(self, landed: RowsOnDisk, refused: bool) -> tuple[float | None, float | None]:
        """Physical quantity received and held back, as reported: the nearest doubles to the exact sums, whatever thread reads what."""
        name = self.delivery.source.quantity
        if name is None:
            return None, None
        held = "true" if refused else "v.row_no is not null and v.known_at is null"
        rows = f"select {name} from {landed.relation} as l left join verdict_row as v using (row_no) where {name} is not null"
        received, held_back = (
            math.fsum(value for piece in pieces(self.db, query) for value in piece[name]) for query in (rows, f"{rows} and {held}")
        )
        return received, held_back

    def _name_rows(self, landed: RowsOnDisk, where: str, problem: Unreadable, advice: tuple[str, str], until: datetime | None) -> None:
        """One finding in equal words for many rows, without building them in memory."""
        words = finding(
            self.delivery, {}, problem.check_id, "warning", None, None, problem.zh, problem.en, advice, until=until
        )
        own = [name for name in ("row_no", "uscc", "period", "estimate_tco2e") if name in landed.columns(self.db)]
        select = ", ".join(f"l.{name}" if name in own else f"{_literal(words[name], kind)} as {name}" for name, kind in FINDING_SCHEMA.items())
        self._findings.append(self.folder / f"findings.{len(self._findings)}.parquet")
        self.db.execute(
            f"copy (select {select} from {landed.relation} as l left join verdict_row as v using (row_no) where {where})"
            f" to {quoted(str(self._findings[-1]))} (format parquet, compression zstd)"
        )


_SQL_NAMED = {"row_no": "bigint", "acceptable_from": "timestamp", "waits": "boolean", "named": "boolean"}


def _slices(items: list, size: int) -> Iterator[list]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _time(moment: datetime | None) -> str:
    return "cast(null as timestamp)" if moment is None else f"cast({quoted(str(moment))} as timestamp)"


def _literal(value: object, kind: object) -> str:
    sql = {pl.String: "varchar", pl.Int64: "bigint", pl.Float64: "double", pl.Date: "date"}.get(kind, "timestamp")  # type: ignore[call-overload]
    return f"cast({'null' if value is None else quoted(str(value))} as {sql})"
