"""Take what lies in the inbox and the published tables into `raw/received/<source>/<batch_id>/`, once for all.

A file is known by its bytes: the same bytes again are the same batch. What was received is never changed.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path

from pipelines.contracts.source import Source, deliverable_sources, load_sources
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.scan import Found, scan_folder, sha256_of
from pipelines.ingest.sidecar import Sidecar, read_sidecar
from pipelines.settings import ALWAYS_KNOWN, Settings
from pipelines.warehouse.files import remove_tree
from pipelines.warehouse.registry import Batch, Registry

# A transaction is flushed to disk: once for many files, not once a file.
_FILES_A_TRANSACTION = 500


@dataclass
class Receipt:
    """What a night found. `new` are batch ids; the pairs are (relative path, reason)."""

    new: list[str] = field(default_factory=list)
    seen: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[tuple[str, str]] = field(default_factory=list)
    waiting: list[tuple[str, str]] = field(default_factory=list)


def received_file(settings: Settings, batch: Batch) -> Path:
    """Where the received bytes of a batch lie."""
    return settings.received / batch.source / batch.file_id / f"received{batch.suffix}"


def receive(settings: Settings, registry: Registry) -> Receipt:
    """Register and copy everything new. Deliveries received after the knowledge date wait for their day."""
    receipt = Receipt()
    known = registry.batches()
    paths = registry.paths()
    now = settings.started.timestamp()
    inbox = scan_folder(
        settings.inbox, deliverable_sources(), published=False, now=now, settle_seconds=settings.settle_seconds
    )
    published = scan_folder(settings.published, load_sources(), published=True, now=now, settle_seconds=0)
    receipt.left, receipt.ignored = inbox.left, inbox.ignored
    # the same bytes under two names are known from the earlier time
    things = [(found, *_sidecar(found)) for found in [*published.found, *inbox.found]]
    things.sort(key=lambda thing: _received_at(settings, thing[0], thing[1])[0])
    for start in range(0, len(things), _FILES_A_TRANSACTION):
        with registry.transaction():
            for found, sidecar, problem in things[start : start + _FILES_A_TRANSACTION]:
                taken = _register(settings, registry, found, sidecar, problem, known, receipt)
                if taken and (found.source, found.file_name, found.batch_id) not in paths:
                    registry.see_path(found.source, found.file_name, found.batch_id, settings.knowledge_date.isoformat())
    return receipt


def _register(
    settings: Settings, registry: Registry, found: Found, sidecar: Sidecar, problem: Unreadable | None,
    known: dict[str, Batch], receipt: Receipt,
) -> bool:
    """Sort one thing into the receipt; True when its batch is in the registry."""
    name = f"{found.source}/{found.file_name}"
    if found.batch_id not in known:
        batch = _take(settings, registry, found, sidecar, problem, receipt)
        if batch is None:
            return False
        known[batch.batch_id] = batch
        receipt.new.append(batch.batch_id)
        if sidecar.unknown and not found.published:
            receipt.ignored.append((f"{name}.meta.yml", f"unknown fields: {', '.join(sidecar.unknown[:20])}"))
    elif known[found.batch_id].received > settings.knowledge_end:
        receipt.waiting.append((name, known[found.batch_id].received.isoformat(sep=" ")))
    else:
        receipt.seen += 1
    return True


def _sidecar(found: Found) -> tuple[Sidecar, Unreadable | None]:
    """The sidecar of a file, and why the file cannot be taken, if so."""
    if found.problem is not None:
        return Sidecar(), found.problem
    try:
        return read_sidecar(found.sidecar), None
    except Unreadable as error:
        return Sidecar(), error


def _take(
    settings: Settings, registry: Registry, found: Found, sidecar: Sidecar, problem: Unreadable | None, receipt: Receipt
) -> Batch | None:
    received_at, basis = _received_at(settings, found, sidecar)
    if received_at > settings.knowledge_end:
        receipt.waiting.append((f"{found.source}/{found.file_name}", received_at.isoformat(sep=" ")))
        return None
    if problem is None and sidecar.sha256 and sidecar.sha256 != found.digest:
        problem = Unreadable(
            "L18-checksum",
            "文件的 SHA-256 与随附说明不符，可能在传输中损坏；请重新提交",
            "the SHA-256 of the file is not that of its sidecar: damaged on its way; deliver it again",
        )
    batch = _batch(settings, found, sidecar, problem, received_at, basis)
    if (found.size or found.problem is None) and not _copy(settings, found, batch):
        receipt.left.append((f"{found.source}/{found.file_name}", "changed while it was read"))
        return None
    registry.add_batch(batch)
    return batch


def _received_at(settings: Settings, found: Found, sidecar: Sidecar) -> tuple[datetime, str]:
    if found.published:
        source = load_sources()[found.source]
        dated = None if _always_known(source) else sidecar.document_date
        return dated or ALWAYS_KNOWN, "document"
    if sidecar.received_at:
        return sidecar.received_at, "sidecar"
    return datetime.combine(settings.knowledge_date, time()), "first_night"


def _always_known(source: Source) -> bool:
    return source.published_only or source.name == "emission_factor"


def _batch(
    settings: Settings, found: Found, sidecar: Sidecar, problem: Unreadable | None, received_at: datetime, basis: str
) -> Batch:
    return Batch(
        batch_id=found.batch_id, source=found.source, file_name=found.file_name, sha256=found.digest, size=found.size,
        received_at=received_at.isoformat(), received_basis=basis,
        is_synthetic=int(sidecar.synthetic), is_published=int(found.published), document=sidecar.document,
        document_date=sidecar.document_date.date().isoformat() if sidecar.document_date else None,
        sender=sidecar.sender, licence=sidecar.licence, suffix=found.suffix,
        first_seen=settings.knowledge_date.isoformat(),
        problem_id=problem.check_id if problem else None, problem_zh=problem.zh if problem else None,
        problem_en=problem.en if problem else None,
    )


def _copy(settings: Settings, found: Found, batch: Batch) -> bool:
    """Copy the bytes and what is known of them; False when the file changed meanwhile."""
    target = received_file(settings, batch).parent
    part = target.with_name(f".{target.name}.part")
    remove_tree(part)
    part.mkdir(parents=True)
    copy = part / f"received{batch.suffix}"
    shutil.copyfile(found.path, copy)
    if sha256_of(copy) != found.digest:
        remove_tree(part)
        return False
    note = {"file_name": batch.file_name, "sha256": batch.sha256, "received_at": batch.received_at,
            "received_basis": batch.received_basis, "sender": batch.sender, "document": batch.document,
            "synthetic": bool(batch.is_synthetic)}
    (part / "delivery.json").write_text(json.dumps(note, ensure_ascii=False, indent=1), "utf-8")
    _read_only(part.iterdir())
    remove_tree(target)
    part.replace(target)
    return True


def _read_only(paths: Iterable[Path]) -> None:
    for path in paths:
        path.chmod(0o444)
