"""The gate as a stage of the night: which batches are to be judged, and their way from received file to verdict."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.contracts.source import Source, load_sources
from pipelines.gate.bulk import judge_bulk
from pipelines.gate.decide import apply_decisions
from pipelines.gate.delivery import Delivery
from pipelines.gate.judge import Judgement, judge
from pipelines.gate.pieces import judge_pieces
from pipelines.gate.promote import promote
from pipelines.gate.promote_bulk import promote_bulk
from pipelines.gate.sheets import register_sheets
from pipelines.gate.suite import Suite, load_suite
from pipelines.ingest.bulk import LandedFile, land
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.read import read_or_spill
from pipelines.ingest.receive import received_file
from pipelines.ingest.spill import SpilledRows
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


@dataclass(frozen=True)
class _Gate:
    """What the batches of one source are judged with."""

    settings: Settings
    registry: Registry
    lake: Lake
    source: Source
    suite: Suite
    known: pl.DataFrame
    verdicts: dict[str, Verdict]

    def night_of(self, batch: Batch) -> str:
        """The night that judged a batch first."""
        earlier = self.verdicts.get(batch.batch_id)
        return earlier.first_night if earlier else self.settings.knowledge_date.isoformat()


def judge_source(settings: Settings, registry: Registry, lake: Lake, source_name: str) -> list[Judged]:
    """Judge every batch of a source that has no verdict yet, or whose rows wait and may now be in order."""
    source = load_sources()[source_name]
    known = lake.known_enterprises()
    verdicts = registry.verdicts()
    gate = _Gate(settings, registry, lake, source, load_suite(settings.expectations, source_name), known, verdicts)
    judged: list[Judged] = []
    seen: set[str] = set()
    # reading a workbook registers its further sheets: they are judged in the next round
    while pending := [
        batch for batch in registry.batches().values()
        if batch.source == source_name and batch.received <= settings.knowledge_end and batch.batch_id not in seen
        and (batch.batch_id not in verdicts or _may_pass(verdicts[batch.batch_id], lake, source, known))
    ]:
        seen |= {batch.batch_id for batch in pending}
        judged += _judge_pending(gate, pending)
    apply_decisions(settings, registry, lake, source, gate.suite)
    return judged


def _judge_pending(gate: _Gate, pending: list[Batch]) -> list[Judged]:
    """Judge batches: those that fit into memory in passes of many files, the others one by one."""
    judged: list[Judged] = []
    group: list[tuple[Batch, Delivery]] = []
    for batch in pending:
        with _workshop(gate.settings, batch) as folder:
            delivery, rows = _read(gate.settings, gate.registry, batch, gate.source, folder)
            if rows is not None:
                judged.append(_judge_large(gate, batch, delivery, rows, folder))
                continue
        group.append((batch, delivery))
        if sum(d.rows_received for _, d in group) >= _ROWS_A_PASS or len(group) >= _FILES_A_PASS:
            judged += _judge_group(gate, group)
            group = []
    return judged + _judge_group(gate, group)


def _judge_group(gate: _Gate, group: list[tuple[Batch, Delivery]]) -> list[Judged]:
    """Judge files that are in memory in one pass of the suite. Their rows are given up with it."""
    judgements = judge(gate.source, [delivery for _, delivery in group], gate.suite, gate.known, gate.settings.quarantine_limit)
    judged = []
    # files first, then the verdicts of the whole group in one transaction
    with gate.registry.transaction():
        for (batch, _), judgement in zip(group, judgements, strict=True):
            promote(judgement, gate.source, gate.suite.version, gate.lake, gate.registry, gate.night_of(batch))
            judged.append(_judged(batch, judgement, gate.settings, first_time=batch.batch_id not in gate.verdicts))
    return judged


@contextmanager
def _workshop(settings: Settings, batch: Batch) -> Iterator[Path]:
    """A folder for what lies between the received and the judged file; nothing of it stays."""
    folder = settings.warehouse / "bulk" / batch.batch_id
    remove_tree(folder)
    try:
        yield folder
    finally:
        remove_tree(folder)


def _read(settings: Settings, registry: Registry, batch: Batch, source: Source, folder: Path) -> tuple[Delivery, LandedFile | SpilledRows | None]:
    """A received file as a delivery, and its rows where they lie on disk (None: they are in the delivery, or there are none)."""
    delivery = _unread(batch, source)
    if delivery.problem:
        return delivery, None
    try:
        if source.bulk:
            return delivery, _landed(settings, registry, batch, delivery, folder)
        read = read_or_spill(received_file(settings, batch), source, folder, batch.sheet_index)
    except Unreadable as problem:
        delivery.problem = problem
        return delivery, None
    delivery.rows, delivery.notes, delivery.note_rows = read.typed.frame, read.typed.notes, read.typed.note_rows
    delivery.malformed, delivery.unknown_headers = read.table.malformed, read.table.unknown_headers
    delivery.remarks, delivery.sheet = read.table.remarks, read.table.sheet
    register_sheets(registry, batch, read.table.further)
    return delivery, read.spilled


def _landed(settings: Settings, registry: Registry, batch: Batch, delivery: Delivery, folder: Path) -> LandedFile | None:
    """The typed rows of a bulk file; None when it has none, and the delivery says why. Raises Unreadable."""
    with bounded(folder) as db:
        landed = land(db, received_file(settings, batch), delivery.source, folder, batch.sheet_index)
    text = landed.text
    register_sheets(registry, batch, text.further)
    delivery.notes, delivery.note_rows, delivery.remarks = landed.notes, landed.note_rows, text.remarks
    delivery.malformed, delivery.unknown_headers, delivery.sheet = text.malformed, text.unknown_headers, text.sheet
    return landed if landed.rows else None


def _judge_large(gate: _Gate, batch: Batch, delivery: Delivery, rows: LandedFile | SpilledRows, folder: Path) -> Judged:
    """Judge a file whose rows lie on disk, in bounded memory."""
    first_time = batch.batch_id not in gate.verdicts
    with bounded(folder) as db:
        try:
            if isinstance(rows, SpilledRows):
                verdict = judge_pieces(db, delivery, rows, gate.suite, gate.known, gate.settings.quarantine_limit, folder)
            else:
                verdict = judge_bulk(db, delivery, rows, gate.suite, gate.known, gate.settings.quarantine_limit, folder)
        except Unreadable as problem:
            delivery.problem, delivery.rows = problem, None
            return _judge_group(gate, [(batch, delivery)])[0]
        promote_bulk(db, verdict, gate.suite.version, gate.lake, gate.registry, gate.night_of(batch))
    passed = verdict.passes_from is not None and verdict.passes_from <= gate.settings.knowledge_end
    always = batch.is_published or gate.source.known_from_document
    entered = sum(count for moment, count in verdict.known if always or moment <= gate.settings.knowledge_end) if passed else 0
    refused = verdict.refused_by or (None if passed else "L17-share")
    return Judged(batch, verdict.rows_received, entered, refused, verdict.reason_zh, verdict.reason_en, first_time)


def judge_strangers(settings: Settings, registry: Registry, lake: Lake) -> list[Judged]:
    """Verdicts on what lies in folders that are no source: refused, with the reason."""
    verdicts = registry.verdicts()
    judged = []
    for batch in registry.batches().values():
        if batch.source in load_sources() or batch.batch_id in verdicts or batch.received > settings.knowledge_end:
            continue
        stranger = Source(batch.source, batch.source, batch.source, "static", (), ())
        (judgement,) = judge(stranger, [_unread(batch, stranger)], Suite(batch.source, "reader", ()), lake.known_enterprises(), 1.0)
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
    missing = (
        pl.scan_parquet(path).filter(pl.col("check_id").str.contains("unknown-enterprise") & pl.col("holds_until").is_null())
        .select("uscc").unique().collect(engine="streaming")
    )
    return bool(len(missing.join(known, on="uscc", how="semi")))


def _unread(batch: Batch, source: Source) -> Delivery:
    delivery = Delivery(
        batch_id=batch.batch_id, source=source, received_at=batch.received,
        is_synthetic=bool(batch.is_synthetic), is_published=bool(batch.is_published),
    )
    if batch.problem_id:
        delivery.problem = Unreadable(batch.problem_id, batch.problem_zh or "", batch.problem_en or "")
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
