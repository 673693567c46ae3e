"""What the batches of one source are judged with."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipelines.contracts.source import Source, load_sources
from pipelines.gate.fence import RETRIED
from pipelines.gate.standard import Standard
from pipelines.gate.suite import Suite, load_suite
from pipelines.gate.trial import Trial
from pipelines.settings import Settings
from pipelines.warehouse.lake import Lake
from pipelines.warehouse.records import Batch, Verdict
from pipelines.warehouse.registry import Registry


@dataclass(frozen=True)
class Gate:
    """The gate of one source, with the verdicts that stand. A trial keeps nothing of what it finds."""

    settings: Settings
    registry: Registry
    lake: Lake
    standard: Standard
    verdicts: dict[str, Verdict]
    trial: Trial | None = None

    @property
    def source(self) -> Source:
        return self.standard.source

    @property
    def suite(self) -> Suite:
        return self.standard.suite

    def night_of(self, batch: Batch) -> str:
        """The night that judged a batch first."""
        earlier = self.verdicts.get(batch.batch_id)
        return earlier.first_night if earlier else self.settings.knowledge_date.isoformat()

    def stands(self, batch: Batch) -> bool:
        """Whether a batch has a verdict on its file, not on the circumstances of a night."""
        verdict = self.verdicts.get(batch.batch_id)
        return verdict is not None and verdict.refused_by not in RETRIED


def open_gate(settings: Settings, registry: Registry, lake: Lake, source: str, trial: Trial | None = None) -> Gate:
    """The gate of a source as things stand; of a folder that is no source, one that refuses all."""
    sources = load_sources()
    if source in sources:
        standard = Standard(sources[source], load_suite(settings.expectations, source), lake.known_enterprises(), settings.quarantine_limit)
    else:
        standard = Standard(Source(source, source, source, "static", (), ()), Suite(source, "reader", ()), pl.DataFrame(), 1.0)
    return Gate(settings, registry, lake, standard, registry.verdicts(), trial)
