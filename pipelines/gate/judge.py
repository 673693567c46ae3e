"""Verdicts: rules on typed rows -> findings, accepted rows with the moment from which they count, one outcome a batch.

A verdict depends on the file, the suite and the register alone, never on the order of nights: rows that were not in
order when received (their month in the future, their enterprise unknown) carry the moment from which they are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from pipelines.contracts.source import Source
from pipelines.gate.delivery import Delivery
from pipelines.gate.evidence import add_evidence
from pipelines.gate.expect import Outcome, evaluate
from pipelines.gate.findings import (
    LATE,
    REDELIVER,
    WAIT,
    WITHDRAWN,
    check_of,
    count_rules,
    error_problem,
    finding,
    identity,
    list_checks,
    load_finding,
    malformed_findings,
    merged,
    note_findings,
    rejected_findings,
    rule_findings,
    share_problem,
)
from pipelines.gate.stake import add_stake
from pipelines.gate.suite import Rule, Suite
from pipelines.ingest.problem import Unreadable


@dataclass
class Judgement:
    """The verdict on one batch. `accepted` has `known_at`; `held` are the rows that failed or wait."""

    delivery: Delivery
    accepted: pl.DataFrame
    held: pl.DataFrame
    findings: list[dict]
    checks: list[dict]
    refused_by: str | None = None
    reason_zh: str | None = None
    reason_en: str | None = None
    passes_from: datetime | None = None
    waiting: bool = False


def judge(source: Source, deliveries: list[Delivery], suite: Suite, known: pl.DataFrame, limit: float) -> list[Judgement]:
    """Judge all deliveries of one source in one pass of the suite.

    `known` is what the register knows from when; `limit` the share of quarantined rows above which a load is refused.
    """
    readable = [d for d in deliveries if d.problem is None and d.rows is not None and len(d.rows)]
    judged = {id(d): j for d, j in zip(readable, _judge_rows(source, readable, suite, known, limit), strict=True)}
    return [judged.get(id(d)) or unreadable(d) for d in deliveries]


def unreadable(delivery: Delivery) -> Judgement:
    problem = delivery.problem
    if problem is None and delivery.malformed:
        problem = Unreadable("L15-no-rows", "没有一行可以读取", "not one row can be read")
    if problem is None and delivery.decided is not None and len(delivery.decided.rejected):
        problem = WITHDRAWN
    if problem is None:
        problem = Unreadable("L15-no-rows", "文件没有数据行", "the file has no data row")
    held = pl.DataFrame() if delivery.decided is None else delivery.decided.rejected
    findings = [*malformed_findings(delivery), *rejected_findings(delivery), load_finding(delivery, problem)]
    check = check_of(problem.check_id, "critical", max(1, delivery.rows_received))
    return Judgement(delivery, pl.DataFrame(), held, findings, [check], problem.check_id, problem.zh, problem.en)


def _judge_rows(
    source: Source, deliveries: list[Delivery], suite: Suite, known: pl.DataFrame, limit: float
) -> list[Judgement]:
    if not deliveries:
        return []
    rows = pl.concat([labelled(d, d.rows) for d in deliveries if d.rows is not None]).with_row_index("_row").with_columns(pl.col("_row").cast(pl.Int64))
    rows = add_stake(add_evidence(rows, source, known), source)
    outcomes = evaluate(source.name, rows, suite.rules)
    if any(o.error for o in outcomes) and len(deliveries) > 1:
        # one batch must not be refused for what another one breaks
        return [j for d in deliveries for j in _judge_rows(source, [d], suite, known, limit)]
    failing = failing_rows(rows, outcomes)
    own, failed = ({str(k[0]): part for k, part in f.partition_by("batch_id", as_dict=True).items()} for f in (rows, failing))
    return [
        _verdict(d, source, own[d.batch_id], outcomes, failed.get(d.batch_id, failing.head(0)), limit) for d in deliveries
    ]


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


def _verdict(
    delivery: Delivery, source: Source, rows: pl.DataFrame, outcomes: list[Outcome], mine: pl.DataFrame, limit: float
) -> Judgement:
    findings = malformed_findings(delivery) + note_findings(delivery) + rejected_findings(delivery)
    findings = merged(findings + rule_findings(delivery, source, rows, mine, outcomes))
    checks = list_checks(count_rules(mine, outcomes), [o.rule for o in outcomes], delivery)
    findings, mine = _waived(delivery, findings, mine, rows, outcomes)

    error = next((o for o in outcomes if o.error), None)
    critical = next((outcomes[i].rule for i in mine["_rule"].unique().sort() if outcomes[i].rule.severity == "critical"), None)
    rows = acceptable_from(rows, mine, outcomes)
    if error or critical or (delivery.decided and delivery.decided.withdrawn):
        return _refused(delivery, rows, findings, checks, error, critical)
    # what was rejected by decision does not count against the rest of its load
    rejected = pl.DataFrame() if delivery.decided is None else delivery.decided.rejected
    needed = math.ceil((delivery.rows_received - len(rejected)) * (1 - limit) - 1e-9)
    moments = rows["acceptable_from"].drop_nulls().sort()
    waiting = bool(len(rows.filter(pl.col("waits"))))
    if len(moments) < max(needed, 1):
        return _refused_for_share(delivery, rows, findings, checks, limit, len(moments), waiting)
    passes = moments[max(needed, 1) - 1]
    accepted = rows.filter(pl.col("acceptable_from").is_not_null()).with_columns(
        pl.max_horizontal("acceptable_from", pl.lit(passes).cast(pl.Datetime("us"))).alias("known_at")
    )
    late = accepted.filter(pl.col("known_at") > delivery.received_at)
    if passes > delivery.received_at:
        findings += _share_findings(delivery, rows, late["row_no"].to_list(), passes, limit)
    return Judgement(
        delivery, _known(accepted, delivery, source),
        pl.concat([rows.filter(pl.col("acceptable_from").is_null()), rejected], how="diagonal"),
        findings, checks, passes_from=passes, waiting=waiting,
    )


def _waived(
    delivery: Delivery, findings: list[dict], mine: pl.DataFrame, rows: pl.DataFrame, outcomes: list[Outcome]
) -> tuple[list[dict], pl.DataFrame]:
    """Failures that were accepted as they are stand on as `info` and hold nothing back."""
    waived = delivery.decided.waived if delivery.decided else {}
    if not waived:
        return findings, mine
    for found in findings:
        if words := waived.get((found["row_no"], found["check_id"])):
            found["severity"] = "info"
            found["message_zh"], found["message_en"] = f"{words[0]}：{found['message_zh']}", f"{words[1]}: {found['message_en']}"
    numbers = dict(rows.select("_row", "row_no").iter_rows())
    stays = [
        (numbers[row], outcomes[rule].rule.id) not in waived for row, rule in mine.select("_row", "_rule").iter_rows()
    ]
    return findings, mine.filter(pl.Series(stays, dtype=pl.Boolean))


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


def own_moment(source: Source, columns: list[str]) -> pl.Expr:
    """From when a row counts by a date that it carries itself; null where its delivery decides alone."""
    dates = [c for c in ("published_on", "valid_from") if c in columns and source.known_from_document]
    own = pl.col("published_on").cast(pl.Datetime("us")) if "published_on" in dates else pl.lit(None).cast(pl.Datetime("us"))
    if "valid_from" in dates and "kind" in columns:
        own = own.fill_null(pl.when(pl.col("kind").is_in(["grid", "benchmark"])).then(pl.col("valid_from").cast(pl.Datetime("us"))))
    return own


def _known(accepted: pl.DataFrame, delivery: Delivery, source: Source) -> pl.DataFrame:
    """Set `known_at` (and `received_at`) of published tables, and of figures that carry a publication date."""
    own = own_moment(source, accepted.columns)
    if delivery.is_published:
        # what comes with the project and carries no date is always known: the batch says so by its received_at
        moment = own.fill_null(pl.col("received_at"))
        return accepted.with_columns(moment.alias("known_at"), moment.alias("received_at"))
    if source.known_from_document:
        return accepted.with_columns(pl.max_horizontal("known_at", own).alias("known_at"))
    return accepted


def _refused(
    delivery: Delivery, rows: pl.DataFrame, findings: list[dict], checks: list[dict], error: Outcome | None, rule: Rule | None
) -> Judgement:
    if error:
        problem = error_problem(error)
    elif rule is None:
        problem = WITHDRAWN
    else:
        first = next(f for f in findings if f["check_id"] == rule.id)
        problem = Unreadable(rule.id, first["message_zh"], first["message_en"])
    findings = findings + _rest_findings(delivery, rows, findings, problem, None)
    checks = checks + ([check_of(problem.check_id, "critical", delivery.rows_received)] if error or rule is None else [])
    return Judgement(delivery, rows.head(0), rows, findings, checks, problem.check_id, problem.zh, problem.en)


def _refused_for_share(
    delivery: Delivery, rows: pl.DataFrame, findings: list[dict], checks: list[dict], limit: float, good: int, waiting: bool
) -> Judgement:
    problem = share_problem(limit, delivery.rows_received - good, delivery.rows_received)
    findings = findings + _rest_findings(delivery, rows, findings, problem, None)
    checks = [*checks, check_of(problem.check_id, "critical", delivery.rows_received - good)]
    return Judgement(
        delivery, rows.head(0), rows, findings, checks, problem.check_id, problem.zh, problem.en, waiting=waiting
    )


def _share_findings(
    delivery: Delivery, rows: pl.DataFrame, late: list[int], passes: datetime, limit: float
) -> list[dict]:
    """Rows that are in order but wait until enough of their load is; until then the load is refused."""
    good = len(rows.filter(pl.col("acceptable_from") <= delivery.received_at))
    refused = share_problem(limit, delivery.rows_received - good, delivery.rows_received)
    problem = LATE
    hit = rows.filter(pl.col("row_no").is_in(late) & (pl.col("acceptable_from") < passes))
    return [
        {**load_finding(delivery, refused), "holds_until": passes},
        *(
            finding(delivery, row, problem.check_id, "warning", None, None, problem.zh, problem.en, WAIT, until=passes)
            for row in identity(hit)
        ),
    ]


def _rest_findings(
    delivery: Delivery, rows: pl.DataFrame, findings: list[dict], problem: Unreadable, until: datetime | None
) -> list[dict]:
    """A refused load holds back all its rows: those without a finding of their own get one."""
    named = {f["row_no"] for f in findings if f["severity"] != "info"}
    rest = rows.filter(~pl.col("row_no").is_in(list(named)))
    zh, en = f"整批退回：{problem.zh}", f"the load is refused: {problem.en}"
    result = [finding(delivery, row, problem.check_id, "warning", None, None, zh, en, REDELIVER, until=until) for row in identity(rest)]
    return [load_finding(delivery, problem), *result]
