"""Stage 1: what is new in the inbox is taken into `raw/received`."""

from __future__ import annotations

from typing import Any

import dagster as dg

from pipelines.defs.freshness import NIGHTLY
from pipelines.defs.resources import NightResource
from pipelines.defs.tables import pairs_table
from pipelines.ingest.receive import Receipt
from pipelines.night import receive_step
from pipelines.settings import Settings

DELIVERIES = dg.AssetKey(["raw", "deliveries"])


@dg.asset(
    key=DELIVERIES, group_name="raw", kinds={"file"}, freshness_policy=NIGHTLY,
    description="收到的文件，原样、只读，一个文件一个批次 | Files as received, read-only: one file, one batch",
)
def deliveries(night: NightResource) -> dg.MaterializeResult:
    """Take in what is new. Receiving twice changes nothing."""
    with night.step("receive") as opened:
        return dg.MaterializeResult(metadata=_metadata(receive_step(opened), opened.settings))


def _metadata(receipt: Receipt, settings: Settings) -> dict[str, Any]:
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
