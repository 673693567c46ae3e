"""Received copies that are not what was received: which stop a night, which are given up, and by whom.

A copy that is lost and cannot be taken again stops every night until it is restored, its file comes again, or it is given up: by an
operator (`carbon received give-up`), or by the setting `keep_raw_days`, for refused deliveries alone. Of a copy that is given up the rows
in the lake count as long as they are whole; then the delivery is refused (`L25-copy-lost`). Nothing of this is silent: the registry
keeps who, when and why (table `given_up`).
"""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import Any

from pipelines.gate.fence import RETRIED
from pipelines.ingest.copies import LOST, CopyState, checked_copy, copy_stamp
from pipelines.lock import night_lock
from pipelines.problem import Problem
from pipelines.settings import Settings
from pipelines.warehouse.files import remove_tree
from pipelines.warehouse.inspect import received_lost, require_registry
from pipelines.warehouse.received import has_copy, received_file
from pipelines.warehouse.records import Batch, GivenUp, file_batch_id
from pipelines.warehouse.registry import Registry

RETENTION = "keep_raw_days"   # who gave up what the setting removed


def wrong_copies(settings: Settings, registry: Registry) -> dict[str, CopyState]:
    """batch_id -> what is wrong with its received copy: by size and time of change, and by its bytes where these changed."""
    kept = registry.copies()
    found: dict[str, CopyState] = {}
    for batch in registry.batches().values():
        if batch.batch_id == batch.file_id and has_copy(batch) and (stamp := copy_stamp(settings, batch)) != kept.get(batch.batch_id, ()):
            state = CopyState.MISSING if stamp is None else checked_copy(settings, batch)
            if state is not CopyState.OK:
                found[batch.batch_id] = state
    return found


def require_copies(settings: Settings, registry: Registry) -> None:
    """Raises Problem when a received copy that a standing verdict rests on is not what was received, and nobody gave it up."""
    wrong = wrong_copies(settings, registry).keys() - registry.given_up().keys()
    standing = {file_batch_id(verdict.batch_id) for verdict in registry.verdicts().values() if verdict.refused_by != LOST}
    if lost := sorted(wrong & standing):
        batches = registry.batches()
        raise received_lost(settings, [batches[batch_id] for batch_id in lost])


def list_wrong(settings: Settings) -> list[dict[str, Any]]:
    """Every received copy that is not what was received, those given up among them; plain values."""
    require_registry(settings)
    if not settings.registry.exists():
        return []
    with closing(Registry(settings.registry, read_only=True)) as registry:
        batches, given_up = registry.batches(), registry.given_up()
        found = []
        for batch_id, state in sorted(wrong_copies(settings, registry).items()):
            batch, decided = batches[batch_id], given_up.get(batch_id)
            found.append({
                "batch_id": batch_id, "file_name": f"{batch.source}/{batch.file_name}", "path": str(received_file(settings, batch)), "state": str(state),
                "given_up_by": decided.given_up_by if decided else None, "given_up_at": decided.given_up_at if decided else None,
                "note": decided.note if decided else None,
            })
        return found


def give_up(settings: Settings, batch_id: str, by: str, note: str) -> Batch:
    """Let nights go on without a received copy that is lost for good. Returns its batch.

    Raises Problem when there is no such batch, its copy is what was received, or nobody is named; NightRunning while a night runs.
    """
    if not by.strip():
        raise Problem("须写明由谁决定", "say who decides")
    require_registry(settings)
    with (
        night_lock(settings.warehouse / "night.lock", settings.started.isoformat(timespec="seconds")),
        closing(Registry(settings.registry)) as registry,
    ):
        batch = registry.batches().get(file_batch_id(batch_id))
        if batch is None:
            raise Problem(f"没有批次 {batch_id}", f"there is no batch {batch_id}")
        if not has_copy(batch) or checked_copy(settings, batch) is CopyState.OK:
            raise Problem(f"批次 {batch_id} 的副本完好，无需放弃", f"the copy of batch {batch_id} is what was received: nothing to give up")
        registry.give_up(GivenUp(batch.batch_id, settings.started.isoformat(), by.strip(), note.strip()))
    return batch


def expire(settings: Settings, registry: Registry, in_inbox: set[str]) -> list[Batch]:
    """Remove received copies that are past their keeping (`keep_raw_days`). Returns their batches.

    Only of deliveries that were refused for good, whose file the inbox holds no more, whose sidecar was never corrected and on which
    no decision stands: no figure rests on them, no night would read them again.
    """
    if settings.keep_raw_days is None:
        return []
    # a clock that is ahead, or a day that somebody chose, removes nothing early
    before = (min(settings.knowledge_date, settings.clock_day) - timedelta(days=settings.keep_raw_days)).isoformat()
    batches, said = registry.batches(), registry.said()
    refused = {batch_id for batch_id, verdict in registry.verdicts().items() if verdict.refused_by not in (None, *RETRIED) and not verdict.waiting}
    needed = {batch.file_id for batch_id, batch in batches.items() if batch_id not in refused} | registry.decided_batches()
    gone = [
        batch for batch in batches.values()
        if batch.batch_id == batch.file_id and has_copy(batch) and not batch.is_published and batch.first_seen < before
        and batch.batch_id not in needed | in_inbox | registry.given_up().keys() and len(said.get(batch.batch_id, ())) <= 1
    ]
    for batch in gone:   # the registry knows it first: a kill in between leaves a copy that is right
        registry.give_up(GivenUp(batch.batch_id, settings.started.isoformat(), RETENTION, f"{settings.keep_raw_days} d"))
        remove_tree(received_file(settings, batch).parent)
    return gone
