"""A run when the inbox changes, for those who do not want to wait for the night. Off until it is switched on."""

from __future__ import annotations

import hashlib

import dagster as dg

from pipelines.contracts.source import deliverable_sources
from pipelines.defs.jobs import nightly
from pipelines.ingest.scan import is_settling, outline
from pipelines.settings import load_settings


@dg.sensor(
    job=nightly, name="inbox_changed", minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.STOPPED,
    description="收件箱有新文件且已写完时运行 | Runs when the inbox holds something new that is no longer being written",
)
def inbox_changed(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask for a run when names, sizes or times of the deliveries changed. Contents are not read here."""
    settings = load_settings()
    try:
        found = outline(settings.inbox, deliverable_sources())
    except OSError as error:
        return dg.SkipReason(f"收件箱 {settings.inbox} 无法读取（{error.strerror}） | the inbox {settings.inbox} cannot be read ({error.strerror})")
    if not found:
        return dg.SkipReason("收件箱为空 | the inbox is empty")
    clock = settings.started.timestamp()
    if any(is_settling(clock, changed / 1e9, settings.settle_seconds) for _, _, changed in found):
        return dg.SkipReason("有文件仍在写入 | a file is still being written")
    digest = hashlib.sha256(repr(found).encode()).hexdigest()[:16]
    if digest == context.cursor:
        return dg.SkipReason("没有新文件 | nothing new")
    context.update_cursor(digest)
    return dg.RunRequest(run_key=digest)
