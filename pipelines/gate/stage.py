"""The gate as a stage of the night: which batches are to be judged, and their way from received file to verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts.source import Source, load_sources
from pipelines.gate.bulk import judge_bulk
from pipelines.gate.decide import apply_decisions
from pipelines.gate.judge import Delivery, Judgement, judge
from pipelines.gate.promote import promote
from pipelines.gate.promote_bulk import promote_bulk
from pipelines.gate.suite import Suite, load_suite
from pipelines.ingest.bulk import LandedFile, land
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.read import read_file
from pipelines.ingest.receive import received_file
from pipelines.settings import Settings
from pipelines.warehouse.duck import bounded
from pipelines.warehouse.files import remove_tree
from pipelines.warehouse.lake import Lake
from pipelines.warehouse.registry import Batch, Registry, Verdict

# Rows judged in one pass: bounds the memory of the suites, whatever the number of files.
_ROWS_A_PASS = 300_000
# Files judged in one pass: bounds what a kill makes the next night do again.
_FILES_A_PASS = 2_000


@dataclass(frozen=True)
class Judged:
    """The verdict on one batch, for the report of the night."""

    batch: Batch
    rows_received: int
    rows_accepted: int
    refused_by: str | None
    reason_zh: str | None
    reason_en: str | None
    first_time: bool

    @property
    def outcome(self) -> str:
        if self.refused_by:
            return "refused"
        return "accepted" if self.rows_accepted == self.rows_received else "accepted_in_part"


def sources_in_order() -> list[str]:
    """The order of judgement: decisions first, they concern every source; then the register, others are judged against it."""
    names = list(load_sources())
    return sorted(names, key=lambda name: (name != "steward_decision", name != "enterprise_register", name))


def judge_source(settings: Settings, registry: Registry, lake: Lake, source_name: str) -> list[Judged]:
    """Judge every batch of a source that has no verdict yet, or whose rows wait and may now be in order."""
    source = load_sources()[source_name]
    known = lake.known_enterprises()
    verdicts = registry.verdicts()
    pending = [
        batch for batch in registry.batches().values()
        if batch.source == source_name and batch.received <= settings.knowledge_end
        and (batch.batch_id not in verdicts or _may_pass(verdicts[batch.batch_id], lake, source, known))
    ]
    suite = load_suite(settings.expectations, source_name)
    judged = []
    if source.bulk:
        return [_judge_bulk(settings, registry, lake, batch, source, suite, known, verdicts.get(batch.batch_id)) for batch in pending]
    by_id = {batch.batch_id: batch for batch in pending}
    for group in _groups(settings, source, pending):
        judgements = judge(source, group, suite, known, settings.quarantine_limit)
        # files first, then the verdicts of the whole group in one transaction
        with registry.transaction():
            for judgement in judgements:
                batch_id = judgement.delivery.batch_id
                earlier = verdicts.get(batch_id)
                night = earlier.first_night if earlier else settings.knowledge_date.isoformat()
                promote(judgement, source, suite.version, lake, registry, night)
                judged.append(_judged(by_id[batch_id], judgement, settings, first_time=earlier is None))
    apply_decisions(settings, registry, lake, source, suite)
    return judged


def _judge_bulk(
    settings: Settings, registry: Registry, lake: Lake, batch: Batch, source: Source, suite: Suite, known: pl.DataFrame,
    earlier: Verdict | None,
) -> Judged:
    """Judge a file of any size in bounded memory; what cannot be read takes the way of the other sources."""
    folder = settings.warehouse / "bulk" / batch.batch_id
    night = earlier.first_night if earlier else settings.knowledge_date.isoformat()
    delivery = _unread(batch, source)
    remove_tree(folder)
    try:
        with bounded(folder) as db:
            if delivery.problem is None and (landed := _land(db, settings, batch, delivery, folder)) is not None:
                verdict = judge_bulk(db, delivery, landed, suite, known, settings.quarantine_limit, folder)
                promote_bulk(db, verdict, suite.version, lake, registry, night)
                rows = sum(count for moment, count in verdict.known if moment <= settings.knowledge_end)
                refused = verdict.refused_by or (None if rows else "L17-share")
                return Judged(batch, verdict.rows_received, rows, refused, verdict.reason_zh, verdict.reason_en, earlier is None)
    finally:
        remove_tree(folder)
    (judgement,) = judge(source, [delivery], suite, known, settings.quarantine_limit)
    promote(judgement, source, suite.version, lake, registry, night)
    return _judged(batch, judgement, settings, first_time=earlier is None)


def _land(db: Any, settings: Settings, batch: Batch, delivery: Delivery, folder: Path) -> LandedFile | None:
    """The typed rows of a received file; None when it has none, and the delivery says why."""
    try:
        landed = land(db, received_file(settings, batch), delivery.source, folder)
    except Unreadable as problem:
        delivery.problem = problem
        return None
    delivery.notes, delivery.note_rows, delivery.remarks = landed.notes, landed.note_rows, landed.text.remarks
    delivery.malformed, delivery.unknown_headers, delivery.sheet = landed.text.malformed, landed.text.unknown_headers, landed.text.sheet
    return landed if landed.rows else None


def judge_strangers(settings: Settings, registry: Registry, lake: Lake) -> list[Judged]:
    """Verdicts on what lies in folders that are no source: refused, with the reason."""
    verdicts = registry.verdicts()
    judged = []
    for batch in registry.batches().values():
        if batch.source in load_sources() or batch.batch_id in verdicts or batch.received > settings.knowledge_end:
            continue
        stranger = Source(batch.source, batch.source, batch.source, "static", (), ())
        (judgement,) = judge(stranger, [_delivery(settings, batch, stranger)], Suite(batch.source, "reader", ()), lake.known_enterprises(), 1.0)
        promote(judgement, stranger, "reader", lake, registry, settings.knowledge_date.isoformat())
        judged.append(_judged(batch, judgement, settings, first_time=True))
    return judged


def _may_pass(verdict: Verdict, lake: Lake, source: Source, known: pl.DataFrame) -> bool:
    """True when one of the enterprises that held rows back is in the register by now."""
    if not verdict.waiting:
        return False
    path = lake.quarantine / source.name / verdict.batch_id / "findings.parquet"
    if not path.exists():
        return True
    missing = pl.read_parquet(path).filter(pl.col("check_id").str.contains("unknown-enterprise") & pl.col("holds_until").is_null())
    return bool(len(missing.join(known, on="uscc", how="semi")))


def _groups(settings: Settings, source: Source, batches: list[Batch]) -> Iterator[list[Delivery]]:
    group: list[Delivery] = []
    rows = 0
    for batch in batches:
        delivery = _delivery(settings, batch, source)
        group.append(delivery)
        rows += delivery.rows_received
        if rows >= _ROWS_A_PASS or len(group) >= _FILES_A_PASS:
            yield group
            group, rows = [], 0
    if group:
        yield group


def _unread(batch: Batch, source: Source) -> Delivery:
    delivery = Delivery(
        batch_id=batch.batch_id, source=source, received_at=batch.received,
        is_synthetic=bool(batch.is_synthetic), is_published=bool(batch.is_published),
    )
    if batch.problem_id:
        delivery.problem = Unreadable(batch.problem_id, batch.problem_zh or "", batch.problem_en or "")
    return delivery


def _delivery(settings: Settings, batch: Batch, source: Source) -> Delivery:
    delivery = _unread(batch, source)
    if delivery.problem:
        return delivery
    try:
        read = read_file(received_file(settings, batch), source)
    except Unreadable as problem:
        delivery.problem = problem
        return delivery
    delivery.rows, delivery.notes, delivery.note_rows = read.typed.frame, read.typed.notes, read.typed.note_rows
    delivery.malformed, delivery.unknown_headers = read.table.malformed, read.table.unknown_headers
    delivery.remarks = read.table.remarks
    delivery.sheet, delivery.totals = read.table.sheet, len(read.table.totals)
    return delivery


def _judged(batch: Batch, judgement: Judgement, settings: Settings, *, first_time: bool) -> Judged:
    end = settings.knowledge_end
    passed = judgement.passes_from is not None and judgement.passes_from <= end
    accepted = judgement.accepted
    if batch.is_published or judgement.delivery.source.known_from_document:
        rows = len(accepted) if passed else 0
    else:
        rows = len(accepted.filter(pl.col("known_at") <= end)) if passed and len(accepted) else 0
    refused = judgement.refused_by or (None if passed else "L17-share")
    return Judged(
        batch, judgement.delivery.rows_received, rows, refused, judgement.reason_zh, judgement.reason_en, first_time
    )
