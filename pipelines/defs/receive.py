"""Stage 1: what is new in the inbox is taken into `raw/received`."""

from __future__ import annotations

from typing import Any

import dagster as dg

from pipelines.defs.freshness import NIGHTLY
from pipelines.defs.resources import NightResource
from pipelines.defs.tables import pairs_table
from pipelines.ingest.receive import Receipt
from pipelines.night import receive_step

DELIVERIES = dg.AssetKey(["raw", "deliveries"])


@dg.asset(
    key=DELIVERIES, group_name="raw", kinds={"file"}, freshness_policy=NIGHTLY,
    description="收到的文件，原样、只读，一个文件一个批次 | Files as received, read-only: one file, one batch",
)
def deliveries(night: NightResource) -> dg.MaterializeResult:
    """Take in what is new. A share that is away for a moment is tried again: receiving twice changes nothing."""
    try:
        receipt = receive_step(night.opened)
    except OSError as error:
        raise dg.RetryRequested(max_retries=2, seconds_to_wait=30) from error
    return dg.MaterializeResult(metadata=_metadata(receipt, night))


def _metadata(receipt: Receipt, night: NightResource) -> dict[str, Any]:
    settings = night.opened.settings
    found: dict[str, Any] = {
        "knowledge_date": settings.knowledge_date.isoformat(),
        "inbox": dg.MetadataValue.path(settings.inbox),
        "new_batches": len(receipt.new), "known_batches": receipt.seen,
        **{kind: len(items) for kind, _, items in receipt.named()},
    }
    named = [(kind, name, why) for kind, _, items in receipt.named() for name, why in items]
    if named:
        found["named"] = pairs_table(named)
    return found
