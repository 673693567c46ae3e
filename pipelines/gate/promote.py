"""Move what passed: accepted rows into the lake, findings and held rows into the quarantine, the verdict into the registry.

Files first, the registry last: a kill in between only means that the batch is judged once more, with the same result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipelines.gate.suite import Suite
from pipelines.gate.verdict import Judgement
from pipelines.warehouse.lake import Lake
from pipelines.warehouse.records import Verdict
from pipelines.warehouse.registry import Registry


@dataclass(frozen=True)
class Promoted:
    """A verdict as the registry keeps it: `known` are the moments from which rows count, as (moment, rows)."""

    verdict: Verdict
    checks: list[dict[str, Any]]
    known: list[tuple[str, int]]


def promote(judgement: Judgement[Any], suite: Suite, lake: Lake, registry: Registry, night: str) -> Promoted:
    """Write one verdict and its rows."""
    promoted = as_kept(judgement, suite, judgement.delivery.batch_id, night)
    registry.put_verdict(promoted.verdict, promoted.checks, promoted.known, judgement.load.put(lake))
    return promoted


def as_kept(judgement: Judgement[Any], suite: Suite, batch_id: str, night: str) -> Promoted:
    """The verdict on a batch as the registry keeps it: one result a check."""
    delivery, problem, passes = judgement.delivery, judgement.problem, judgement.passes_from
    received, held = judgement.load.quantity()
    checks = {check["check_id"]: {**check, "batch_id": batch_id, "suite_version": suite.version} for check in judgement.checks}
    verdict = Verdict(
        batch_id=batch_id, suite_version=suite.version, rows_received=delivery.rows_received,
        refused_by=judgement.refused_by, reason_zh=problem.zh if problem else None, reason_en=problem.en if problem else None,
        passes_from=passes.isoformat() if passes else None, waiting=int(judgement.waiting),
        quantity_received=received, quantity_quarantined=held, sheet=delivery.sheet, first_night=night,
    )
    return Promoted(verdict, list(checks.values()), judgement.load.known())
