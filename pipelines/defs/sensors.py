"""A run when the inbox changes, for those who do not want to wait for the night. Off until it is switched on."""

from __future__ import annotations

import hashlib
from pathlib import Path

import dagster as dg

from pipelines.defs.jobs import nightly
from pipelines.settings import load_settings

_UNFINISHED = (".part", ".tmp")


@dg.sensor(
    job=nightly, name="inbox_changed", minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.STOPPED,
    description="收件箱有新文件且已写完时运行 | Runs when the inbox holds something new that is no longer being written",
)
def inbox_changed(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask for a run when names, sizes or times of the deliveries changed. Contents are not read here."""
    settings = load_settings()
    found = sorted(_deliveries(settings.inbox))
    if not found:
        return dg.SkipReason("收件箱为空 | the inbox is empty")
    newest = max(changed for _, _, changed in found) / 1e9
    if settings.started.timestamp() - newest < settings.settle_seconds:
        return dg.SkipReason("有文件仍在写入 | a file is still being written")
    digest = hashlib.sha256(repr(found).encode()).hexdigest()[:16]
    if digest == context.cursor:
        return dg.SkipReason("没有新文件 | nothing new")
    context.update_cursor(digest)
    return dg.RunRequest(run_key=digest)


def _deliveries(inbox: Path) -> list[tuple[str, int, int]]:
    """(path below the inbox, size, time of change in ns) of everything that a night would look at."""
    found = []
    for path in inbox.glob("*/**/*"):
        if path.is_file() and not path.name.startswith((".", "~$")) and path.suffix not in _UNFINISHED:
            stat = path.stat()
            found.append((path.relative_to(inbox).as_posix(), stat.st_size, stat.st_mtime_ns))
    return found
