"""Move what passed: accepted rows into the lake, findings and held rows into the quarantine, the verdict into the registry.

Files first, the registry last: a kill in between only means that the batch is judged once more, with the same result.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from pipelines.contracts.source import Source
from pipelines.gate.judge import Judgement
from pipelines.warehouse.lake import FINDING_SCHEMA, Lake
from pipelines.warehouse.registry import Registry, Verdict


@dataclass(frozen=True)
class Promoted:
    """A verdict as the registry keeps it: `known` are the moments from which rows count, as (moment, rows)."""

    verdict: Verdict
    known: list[tuple[str, int]]


def promote(
    judgement: Judgement, source: Source, suite_version: str, lake: Lake, registry: Registry, night: str
) -> Promoted:
    """Write one verdict and its rows."""
    delivery = judgement.delivery
    files = lake.put_rows(source, delivery.batch_id, judgement.accepted)
    findings = pl.DataFrame(judgement.findings, schema=FINDING_SCHEMA, orient="row").sort("row_no", "check_id", "column_name")
    held = judgement.held.select([c for c in judgement.held.columns if not c.startswith("_")])
    files += lake.put_quarantine(source.name, delivery.batch_id, findings, held)
    promoted = Promoted(verdict_of(judgement, source, suite_version, night), known_moments(judgement.accepted))
    registry.put_verdict(
        promoted.verdict,
        ({**check, "batch_id": delivery.batch_id, "suite_version": suite_version} for check in distinct_checks(judgement)),
        promoted.known, files,
    )
    return promoted


def distinct_checks(judgement: Judgement) -> list[dict]:
    """One result a check."""
    return list({check["check_id"]: check for check in judgement.checks}.values())


def known_moments(accepted: pl.DataFrame) -> list[tuple[str, int]]:
    """From which moment how many accepted rows count."""
    if not len(accepted):
        return []
    counts = accepted.group_by("known_at").len().sort("known_at")
    return [(moment.isoformat(), rows) for moment, rows in counts.iter_rows()]


def _quantity(judgement: Judgement, source: Source, held_only: bool) -> float | None:
    if source.quantity is None or judgement.delivery.rows is None:
        return None
    frame = judgement.held if held_only else judgement.delivery.rows
    if judgement.delivery.decided is not None and not held_only:
        frame = pl.concat([frame, judgement.delivery.decided.rejected], how="diagonal")
    # the nearest double to the exact sum: the same in whatever pieces the rows come
    return math.fsum(frame[source.quantity].drop_nulls()) if source.quantity in frame.columns else 0.0


def verdict_of(judgement: Judgement, source: Source, suite_version: str, night: str) -> Verdict:
    """The verdict as the registry keeps it."""
    passes: datetime | None = judgement.passes_from
    return Verdict(
        batch_id=judgement.delivery.batch_id, suite_version=suite_version,
        rows_received=judgement.delivery.rows_received, refused_by=judgement.refused_by,
        reason_zh=judgement.reason_zh, reason_en=judgement.reason_en,
        passes_from=passes.isoformat() if passes else None, waiting=int(judgement.waiting),
        quantity_received=_quantity(judgement, source, held_only=False),
        quantity_quarantined=_quantity(judgement, source, held_only=True),
        sheet=judgement.delivery.sheet, first_night=night,
    )
