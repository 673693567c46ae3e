"""What a verdict comes to at a knowledge date, for the report of the night: the one home of a batch's outcome before the build.

The build counts anew, with the decisions in force (`quality.batch`); `tests/flow/test_commands.py` holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pipelines.contracts.source import Source, load_sources
from pipelines.settings import Settings
from pipelines.warehouse.records import Batch, Verdict
from pipelines.warehouse.registry import Registry


@dataclass(frozen=True)
class Judged:
    """The verdict on one batch at the knowledge date."""

    batch: Batch
    rows_received: int
    rows_accepted: int
    refused_by: str | None
    reason_zh: str | None
    reason_en: str | None

    @property
    def outcome(self) -> str:
        if self.refused_by:
            return "refused"
        return "accepted" if self.rows_accepted == self.rows_received else "accepted_in_part"


def judged_of(batch: Batch, source: Source | None, verdict: Verdict, known: list[tuple[str, int]], end: datetime) -> Judged:
    """A verdict at a knowledge date: rows that still wait for their month or enterprise are not accepted yet."""
    passed = verdict.passes_from is not None and datetime.fromisoformat(verdict.passes_from) <= end
    # the rows of a published table are accepted, whenever their document makes them count
    always = batch.is_published or (source is not None and source.known_from_document)
    entered = sum(rows for moment, rows in known if always or datetime.fromisoformat(moment) <= end) if passed else 0
    refused = verdict.refused_by or (None if passed else "L17-share")
    return Judged(batch, verdict.rows_received, entered, refused, verdict.reason_zh, verdict.reason_en)


def untold(settings: Settings, registry: Registry) -> tuple[list[Judged], dict[str, str]]:
    """The verdicts that no published night has told yet, and their marks (`Registry.put_told`)."""
    marks = registry.untold(settings.knowledge_end)
    batches, verdicts, known = registry.batches(), registry.verdicts(), registry.known_moments(marks)
    sources = load_sources()
    told = [
        judged_of(batches[batch_id], sources.get(batches[batch_id].source), verdicts[batch_id], known[batch_id], settings.knowledge_end)
        for batch_id in marks
    ]
    return told, marks
