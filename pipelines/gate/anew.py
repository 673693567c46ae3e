"""Verdicts that are made anew: before the gate judges, nothing of an earlier verdict on the same batch may lie in the lake.

A batch without a verdict is new, was being judged when a night was ended, or lost its verdict because its sidecar or its received
copy was put right (the registry forgets first, the files go here). So a kill at any moment leaves the same work to the next night.
"""

from __future__ import annotations

from pipelines.contracts.source import load_sources
from pipelines.warehouse.lake import Lake
from pipelines.warehouse.registry import Registry


def clear_unjudged(registry: Registry, lake: Lake) -> None:
    """Remove the lake's and the quarantine's files of every batch without a verdict, and what its decisions made of other batches."""
    sources = load_sources()
    verdicts = registry.verdicts()
    for batch in registry.batches().values():
        if batch.batch_id in verdicts or batch.source not in sources:
            continue
        source = sources[batch.source]
        if batch.source == "steward_decision":
            # what its decisions said of other batches is made anew from the decisions that stand
            decisions = lake.accepted_rows(source, batch.batch_id)
            for target in decisions["target_batch_id"].drop_nulls().unique().sort():
                registry.forget_decided(target)
        lake.remove(source, batch.batch_id)
