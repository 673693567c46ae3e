"""Verdicts that are made anew: before the gate judges, nothing of an earlier verdict on the same batch may be in the lake.

A batch without a verdict is new, was being judged when a night was ended, or lost its verdict because its sidecar or its received
copy was put right (the registry forgets the verdict first, the files go here). So a kill at any moment leaves the same work to the next night.
"""

from __future__ import annotations

from pipelines.warehouse.lake import Lake
from pipelines.warehouse.records import DECIDED_KINDS
from pipelines.warehouse.registry import Registry


def clear_unjudged(registry: Registry, lake: Lake) -> None:
    """Take the files of every batch without a verdict out of the lake; where decisions are among them, what decisions made of other batches too."""
    verdicts, batches = registry.verdicts(), registry.batches()
    unjudged = {file.batch_id for file in registry.lake_files() if file.batch_id in batches and file.batch_id not in verdicts}
    if any(batches[batch_id].source == "steward_decision" for batch_id in unjudged):
        for target in sorted(registry.decided_batches()):
            registry.forget_decided(target)
            lake.forget(target, DECIDED_KINDS)
    for batch_id in sorted(unjudged):
        lake.forget(batch_id)
