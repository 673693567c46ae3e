"""The one verdict on a load, whatever its size and whether decisions touch it.

A verdict depends on the file, the suite and the register alone, never on the order of nights: rows that were not in
order when received (their month in the future, their enterprise unknown) carry the moment from which they are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

import polars as pl

from pipelines.contracts.source import Source
from pipelines.gate.delivery import Delivery
from pipelines.gate.expect import Outcome
from pipelines.gate.findings import (
    Finding,
    check_of,
    error_problem,
    list_checks,
    load_finding,
    share_problem,
    withdrawn_problem,
)
from pipelines.gate.standard import Standard
from pipelines.ingest.problem import Unreadable
from pipelines.warehouse.lake import Lake
from pipelines.warehouse.records import LakeFile


class Load(Protocol):
    """The rows of one delivery, judged one by one: each is in order from a moment (when it was received, or later), or never.
    It holds what its reader and the rules found of them.

    Attributes:
        delivery: what they came with; counts: rule id -> rows that fail it;
        critical: the finding that refuses the load, of the first rule that does and its first row;
        waits: whether rows may come to be in order.
    """

    delivery: Delivery
    counts: dict[str, int]
    critical: Finding | None
    waits: bool

    def in_order(self, by: datetime | None = None) -> int:
        """How many rows are in order by a moment (None: ever, as far as can be said)."""

    def moment(self, count: int) -> datetime:
        """From when so many rows are in order."""

    def settle(self, passes: datetime | None) -> None:
        """From when the load counts (None: never): which rows enter from when, and which are held, is clear from here on."""

    def add(self, findings: list[Finding]) -> None:
        """Further findings."""

    def refuse_rest(self, problem: Unreadable) -> None:
        """A finding for each row that has none that holds it back for good."""

    def hold_late(self, passes: datetime) -> None:
        """A finding for each row that is in order before its load counts."""

    def known(self) -> list[tuple[str, int]]:
        """(moment, rows that count from it)."""

    def quantity(self) -> tuple[float | None, float | None]:
        """The source's quantity as reported, received and held back: the nearest doubles to the exact sums, whatever the pieces."""

    def put(self, lake: Lake) -> list[LakeFile]:
        """Write what the load leaves in the lake: rows that enter, findings, rows that are held."""


L = TypeVar("L", bound=Load)


@dataclass
class Judgement(Generic[L]):
    """The verdict on one load. `passes_from`: from when enough of its rows count, None = never (refused)."""

    load: L
    checks: list[dict[str, Any]]
    problem: Unreadable | None = None
    passes_from: datetime | None = None
    waiting: bool = False

    @property
    def delivery(self) -> Delivery:
        return self.load.delivery

    @property
    def refused_by(self) -> str | None:
        return self.problem.check_id if self.problem else None


def conclude(standard: Standard, load: L, error: Outcome | None) -> Judgement[L]:
    """The verdict on a load whose rows were judged. `error` is an expectation that could not be evaluated."""
    delivery, decided = load.delivery, load.delivery.decided
    received, good = delivery.rows_received, load.in_order()
    # what was rejected by decision does not count against the rest of its load
    counted = received - (len(decided.rejected) if decided else 0)
    needed = max(math.ceil(counted * (1 - standard.limit) - 1e-9), 1)
    short = share_problem(standard.limit, received - good, received) if good < needed else None
    outright = _refused_outright(load, error)
    problem = outright or short
    passes = None if problem else load.moment(needed)
    load.settle(passes)
    if problem:
        load.add([load_finding(delivery, problem)])
        load.refuse_rest(problem)
    elif passes and passes > delivery.received_at:
        until_then = share_problem(standard.limit, received - load.in_order(delivery.received_at), received)
        load.add([load_finding(delivery, until_then, until=passes)])
        load.hold_late(passes)
    checks = list_checks(load.counts, standard.suite.rules, delivery)
    if problem and (short is problem or load.critical is None or error):
        checks.append(check_of(problem.check_id, "critical", received - good if short is problem else received))
    return Judgement(load, checks, problem, passes, load.waits and outright is None)


def _refused_outright(load: Load, error: Outcome | None) -> Unreadable | None:
    """Why a load is refused whatever the number of its rows that are in order."""
    if error:
        return error_problem(error)
    if first := load.critical:
        return Unreadable(first.check_id, first.message_zh, first.message_en)
    return withdrawn_problem() if load.delivery.decided and load.delivery.decided.withdrawn else None


def own_moment(source: Source, columns: list[str]) -> pl.Expr:
    """From when a row counts by a date that it carries itself; null where its delivery decides alone."""
    dates = [c for c in ("published_on", "valid_from") if c in columns and source.known_from_document]
    own = pl.col("published_on").cast(pl.Datetime("us")) if "published_on" in dates else pl.lit(None).cast(pl.Datetime("us"))
    if "valid_from" in dates and "kind" in columns:
        own = own.fill_null(pl.when(pl.col("kind").is_in(["grid", "benchmark"])).then(pl.col("valid_from").cast(pl.Datetime("us"))))
    return own


def known_sql(delivery: Delivery, entered: str, own: str, received: str) -> tuple[str, str]:
    """(known_at, received_at) of a row that enters, in SQL that DuckDB and polars read alike.

    `entered`: from when it counts by its load; `own`: `own_moment`. What comes with the project and carries no date is always known:
    its batch says so by its received_at.
    """
    if delivery.is_published:
        moment = f"coalesce({own}, {received})"
        return moment, moment
    if delivery.source.known_from_document:
        return f"greatest({entered}, coalesce({own}, {entered}))", received
    return entered, received
