"""Where received files lie, and whether they are still what was received."""

from __future__ import annotations

from pathlib import Path

from pipelines.settings import Settings
from pipelines.warehouse.files import sha256_of
from pipelines.warehouse.registry import Batch, LakeFile


def received_file(settings: Settings, batch: Batch) -> Path:
    """Where the received bytes of a batch lie."""
    return settings.received / batch.source / batch.batch_id / f"received{batch.suffix}"


def has_copy(batch: Batch) -> bool:
    """Whether bytes were kept: of what is no readable file (a folder, a link) there are none."""
    return batch.problem_id is None or batch.size > 0


def received_entry(settings: Settings, batch: Batch) -> LakeFile | None:
    """What the registry is to know of the received file: None when it is missing or its bytes are not those that were received."""
    path = received_file(settings, batch)
    if not path.is_file():
        return None
    stat = path.stat()
    digest = sha256_of(path)
    if digest != batch.sha256:
        return None
    relative = path.relative_to(settings.data).as_posix()
    return LakeFile(relative, "received", batch.source, None, batch.batch_id, stat.st_size, stat.st_mtime_ns, digest)
