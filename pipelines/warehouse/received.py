"""Where received files lie."""

from __future__ import annotations

import json
from pathlib import Path

from pipelines.settings import Settings
from pipelines.warehouse.records import Batch

SIDECAR_PROBLEMS = ("L05-sidecar", "L18-checksum")   # what a corrected sidecar puts right


def received_file(settings: Settings, batch: Batch) -> Path:
    """Where the received bytes of a batch lie."""
    return settings.received / batch.source / batch.file_id / f"received{batch.suffix}"


def note_file(settings: Settings, batch: Batch) -> Path:
    """Where it stands beside the received bytes whose they are, for whoever looks at the folder."""
    return received_file(settings, batch).with_name("delivery.json")


def note_of(batch: Batch) -> bytes:
    """What stands there."""
    note = {"source": batch.source, "file_name": batch.file_name, "sha256": batch.sha256, "size": batch.size, "first_seen": batch.first_seen}
    return json.dumps(note, ensure_ascii=False, indent=1).encode()


def has_copy(batch: Batch) -> bool:
    """False for what was no file: a folder, a link, a name that was not accepted."""
    return batch.size > 0 or batch.problem_id is None or batch.problem_id in SIDECAR_PROBLEMS
