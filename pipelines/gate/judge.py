"""Judging files that are in memory: all deliveries of one source in one pass of the suite."""

from __future__ import annotations

import math
from datetime import datetime
from typing import cast

import polars as pl

from pipelines.gate.delivery import Delivery
from pipelines.gate.evidence import add_evidence
from pipelines.gate.expect import Outcome, evaluate
from pipelines.gate.findings import (
    Finding,
    check_of,
    count_rules,
    finding_frame,
    identity,
    load_finding,
    malformed_findings,
    merged,
    reader_findings,
    refused_row,
    rejected_findings,
    rule_findings,
    waiting_row,
    withdrawn_problem,
)
from pipelines.gate.stake import add_stake
from pipelines.gate.standard import Standard
from pipelines.gate.verdict import Judgement, conclude, known_sql, own_moment
from pipelines.ingest.problem import Unreadable
from pipelines.warehouse.lake import Lake
from pipelines.warehouse.records import LakeFile


class InMemory:
    """A load whose rows are a frame (`Load`). Once settled, `accepted` has `known_at`; `held` are the rows that failed or wait."""

    def __init__(
        self, delivery: Delivery, rows: pl.DataFrame, findings: list[Finding], counts: dict[str, int], critical: Finding | None = None
    ) -> None:
        self.delivery, self.findings, self.counts, self.critical = delivery, findings, counts, critical
        self._rows = rows
        self._moments = rows["acceptable_from"].drop_nulls().sort() if len(rows) else pl.Series(dtype=pl.Datetime("us"))
        self.waits = bool(len(rows) and rows["waits"].any())
        self.accepted = rows.head(0)
        self.held = rows

    def in_order(self, by: datetime | None = None) -> int:
        return len(self._moments) if by is None else int((self._moments <= by).sum())

    def moment(self, count: int) -> datetime:
        return cast(datetime, self._moments[count - 1])

    def settle(self, passes: datetime | None) -> None:
        if passes is None:
            return
        delivery, source = self.delivery, self.delivery.source
        accepted = self._rows.filter(pl.col("acceptable_from").is_not_null()).with_columns(
            pl.max_horizontal("acceptable_from", pl.lit(passes).cast(pl.Datetime("us"))).alias("known_at"), own_moment(source, self._rows.columns).alias("_own")
        )
        known, received = known_sql(delivery, "known_at", "_own", "received_at")
        self.accepted = accepted.with_columns(pl.sql_expr(known).alias("known_at"), pl.sql_expr(received).alias("received_at"))
        rejected = [] if delivery.decided is None else [delivery.decided.rejected]
        self.held = pl.concat([self._rows.filter(pl.col("acceptable_from").is_null()), *rejected], how="diagonal")

    def add(self, findings: list[Finding]) -> None:
        self.findings += findings

    def refuse_rest(self, problem: Unreadable) -> None:
        named = {found.row_no for found in self.findings if found.holds_back}
        self.findings += [refused_row(self.delivery, row, problem) for row in identity(self._rows) if row["row_no"] not in named]

    def hold_late(self, passes: datetime) -> None:
        late = self._rows.filter(pl.col("acceptable_from") < passes)
        self.findings += [waiting_row(self.delivery, row, passes) for row in identity(late)]

    def known(self) -> list[tuple[str, int]]:
        if not len(self.accepted):
            return []
        counts = self.accepted.group_by("known_at").len().sort("known_at")
        return [(moment.isoformat(), rows) for moment, rows in counts.iter_rows()]

    def quantity(self) -> tuple[float | None, float | None]:
        delivery, name = self.delivery, self.delivery.source.quantity
        if name is None or delivery.rows is None:
            return None, None
        rejected = [] if delivery.decided is None else [delivery.decided.rejected]
        received = pl.concat([delivery.rows, *rejected], how="diagonal")
        return tuple(math.fsum(rows[name].drop_nulls()) if name in rows.columns else 0.0 for rows in (received, self.held))  # type: ignore[return-value]

    def put(self, lake: Lake) -> list[LakeFile]:
        source, batch_id = self.delivery.source, self.delivery.batch_id
        held = self.held.select([c for c in self.held.columns if not c.startswith("_")])
        findings = finding_frame(self.findings).sort("row_no", "check_id", "column_name")
        return lake.put_rows(source, batch_id, self.accepted) + lake.put_quarantine(source.name, batch_id, findings, held)


def judge(standard: Standard, deliveries: list[Delivery]) -> list[Judgement[InMemory]]:
    """Judge all deliveries of one source in one pass of its suite."""
    readable = [d for d in deliveries if d.problem is None and d.rows is not None and len(d.rows)]
    judged = {id(j.delivery): j for j in _judge_rows(standard, readable)}
    return [judged.get(id(d)) or unreadable(d) for d in deliveries]


def unreadable(delivery: Delivery) -> Judgement[InMemory]:
    """The verdict on a delivery without a row."""
    problem = delivery.problem
    if problem is None and delivery.malformed:
        problem = Unreadable("L15-no-rows", "没有一行可以读取", "not one row can be read")
    if problem is None and delivery.decided is not None and len(delivery.decided.rejected):
        problem = withdrawn_problem()
    if problem is None:
        problem = Unreadable("L15-no-rows", "文件没有数据行", "the file has no data row")
    findings = [*malformed_findings(delivery), *rejected_findings(delivery), load_finding(delivery, problem)]
    load = InMemory(delivery, pl.DataFrame(), findings, {})
    load.held = pl.DataFrame() if delivery.decided is None else delivery.decided.rejected
    return Judgement(load, [check_of(problem.check_id, "critical", max(1, delivery.rows_received))], problem)


def _judge_rows(standard: Standard, deliveries: list[Delivery]) -> list[Judgement[InMemory]]:
    if not deliveries:
        return []
    rows, outcomes = judge_frame(standard, pl.concat([labelled(d, d.rows) for d in deliveries if d.rows is not None]))
    error = next((o for o in outcomes if o.error), None)
    if error and len(deliveries) > 1:
        # one batch must not be refused for what another one breaks
        return [j for d in deliveries for j in _judge_rows(standard, [d])]
    failing = failing_rows(rows, outcomes)
    own, failed = ({str(k[0]): part for k, part in f.partition_by("batch_id", as_dict=True).items()} for f in (rows, failing))
    loads = [_load(d, own[d.batch_id], outcomes, failed.get(d.batch_id, failing.head(0))) for d in deliveries]
    return [conclude(standard, load, error) for load in loads]


def judge_frame(standard: Standard, rows: pl.DataFrame) -> tuple[pl.DataFrame, list[Outcome]]:
    """Rows that carry their delivery (`labelled`), numbered and with their evidence, and what the rules say of them."""
    rows = rows.with_row_index("_row").with_columns(pl.col("_row").cast(pl.Int64))
    rows = add_stake(add_evidence(rows, standard.source, standard.known), standard.source)
    return rows, evaluate(standard.source.name, rows, standard.suite.rules)


def labelled(delivery: Delivery, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with what they carry of their delivery."""
    return rows.with_columns(
        pl.lit(delivery.batch_id).alias("batch_id"),
        pl.lit(delivery.received_at).cast(pl.Datetime("us")).alias("received_at"),
        pl.lit(delivery.is_synthetic).alias("is_synthetic"),
    )


def failing_rows(rows: pl.DataFrame, outcomes: list[Outcome]) -> pl.DataFrame:
    """(_row, position of the outcome) for every failing row."""
    parts = [
        pl.DataFrame({"_row": outcome.rows, "_rule": [i] * len(outcome.rows)}, schema={"_row": pl.Int64, "_rule": pl.Int64})
        for i, outcome in enumerate(outcomes)
        if outcome.rows
    ]
    empty = pl.DataFrame(schema={"_row": pl.Int64, "_rule": pl.Int64})
    return pl.concat([empty, *parts]).join(rows.select("_row", "batch_id"), on="_row", how="left")


def first_critical(findings: list[Finding], outcomes: list[Outcome]) -> Finding | None:
    """The finding that refuses a load: of the first rule of the suite, and its first row."""
    critical = [found for found in findings if found.severity == "critical"]
    if not critical:
        return None
    place = {outcome.rule.id: i for i, outcome in reversed(list(enumerate(outcomes)))}
    return min(critical, key=lambda found: (place[found.check_id], found.row_no))


def _load(delivery: Delivery, rows: pl.DataFrame, outcomes: list[Outcome], mine: pl.DataFrame) -> InMemory:
    findings = merged([*reader_findings(delivery), *rule_findings(delivery, delivery.source, rows, mine, outcomes)])
    counts = count_rules(mine, outcomes)
    mine = _waived(delivery, findings, mine, rows, outcomes)
    return InMemory(delivery, acceptable_from(rows, mine, outcomes), findings, counts, first_critical(findings, outcomes))


def _waived(delivery: Delivery, findings: list[Finding], mine: pl.DataFrame, rows: pl.DataFrame, outcomes: list[Outcome]) -> pl.DataFrame:
    """Failures that were accepted as they are stand on as `info` and hold nothing back: they are taken out of the failing rows."""
    waived = delivery.decided.waived if delivery.decided else {}
    if not waived:
        return mine
    for found in findings:
        if words := waived.get((found.row_no or 0, found.check_id)):
            found.severity = "info"
            found.message_zh, found.message_en = f"{words[0]}：{found.message_zh}", f"{words[1]}: {found.message_en}"
    numbers = dict(rows.select("_row", "row_no").iter_rows())
    stays = [(numbers[row], outcomes[rule].rule.id) not in waived for row, rule in mine.select("_row", "_rule").iter_rows()]
    return mine.filter(pl.Series(stays, dtype=pl.Boolean))


def acceptable_from(rows: pl.DataFrame, mine: pl.DataFrame, outcomes: list[Outcome]) -> pl.DataFrame:
    """Add `acceptable_from` (null = not, or not yet) and `waits` (it may become so)."""
    base = rows.with_columns(
        pl.col("received_at").alias("acceptable_from"), pl.lit(False).alias("waits"), pl.lit(False).alias("_final")
    )
    for index in mine["_rule"].unique().sort():
        rule = outcomes[index].rule
        if rule.severity == "info":
            continue
        hit = pl.col("_row").is_in(mine.filter(pl.col("_rule") == index)["_row"].implode())
        if rule.waits is None:
            base = base.with_columns(pl.col("_final") | hit)
            continue
        moment = pl.col(rule.waits)
        base = base.with_columns(
            pl.when(hit).then(pl.max_horizontal("acceptable_from", moment)).otherwise("acceptable_from").alias("acceptable_from"),
            pl.col("waits") | (hit & moment.is_null()),
        )
    return base.with_columns(
        pl.when(~pl.col("waits") & ~pl.col("_final")).then("acceptable_from").alias("acceptable_from"),
        pl.col("waits") & ~pl.col("_final"),
    ).drop("_final")
