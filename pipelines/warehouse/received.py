"""Where received files lie."""

from __future__ import annotations

from pathlib import Path

from pipelines.settings import Settings
from pipelines.warehouse.registry import Batch

SIDECAR_PROBLEMS = ("L05-sidecar", "L18-checksum")   # what a corrected sidecar puts right


def received_file(settings: Settings, batch: Batch) -> Path:
    """Where the received bytes of a batch lie."""
    return settings.received / batch.source / batch.file_id / f"received{batch.suffix}"


def has_copy(batch: Batch) -> bool:
    """False for what was no file: a folder, a link, a name that was not accepted."""
    return batch.size > 0 or batch.problem_id is None or batch.problem_id in SIDECAR_PROBLEMS
