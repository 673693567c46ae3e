"""Further sheets of a workbook: each sheet whose header fits is a delivery of its own, `<batch_id>-s2`, file name `name.xlsx#sheet`."""

from __future__ import annotations

from dataclasses import replace

from pipelines.contracts.text import printable
from pipelines.warehouse.records import Batch
from pipelines.warehouse.registry import Registry

_LIMIT = 400   # sheets of one workbook: a month of thirty years


def register_sheets(registry: Registry, batch: Batch, names: list[str]) -> None:
    """Register the further sheets of a workbook as batches with what is known of its first one. Known ones stay as they are."""
    for number, name in enumerate(names[:_LIMIT], 2):
        registry.add_batch(replace(batch, batch_id=f"{batch.batch_id}-s{number}", file_name=f"{batch.file_name}#{printable(name)}"))
