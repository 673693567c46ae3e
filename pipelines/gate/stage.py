"""The gate as a stage of the night: which batches are to be judged, and their way from received file to verdict."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from pipelines.contracts.source import Source, load_sources
from pipelines.gate.bulk import judge_bulk
from pipelines.gate.decide import apply_decisions
from pipelines.gate.delivery import Delivery
from pipelines.gate.evidence import REGISTER_CHECKS, with_register
from pipelines.gate.fence import KILLED, NOT_PROCESSED, RETRIED, fenced
from pipelines.gate.judge import judge
from pipelines.gate.pieces import judge_pieces
from pipelines.gate.promote import Promoted, promote
from pipelines.gate.promote_bulk import promote_bulk
from pipelines.gate.sheets import register_sheets
from pipelines.gate.suite import Suite, load_suite
from pipelines.gate.trial import Trial, fatal
from pipelines.ingest.bulk import LandedFile, land
from pipelines.ingest.copies import LOST, lost_copy
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.read import read_or_spill
from pipelines.ingest.said_period import period_remarks, title_remarks
from pipelines.ingest.spill import SpilledRows
from pipelines.settings import Settings
from pipelines.warehouse.duck import bounded
from pipelines.warehouse.files import remove_tree
from pipelines.warehouse.inspect import received_lost
from pipelines.warehouse.lake import Lake
from pipelines.warehouse.received import has_copy, received_file
from pipelines.warehouse.registry import Batch, Registry, Verdict

# Rows judged in one pass: bounds the memory of the suites, whatever the number of files.
_ROWS_A_PASS = 300_000
# Files judged in one pass: bounds what a kill makes the next night do again.
_FILES_A_PASS = 2_000


@dataclass(frozen=True)
class Judged:
    """The verdict on one batch at the knowledge date, for the report of the night."""

    batch: Batch
    rows_received: int
    rows_accepted: int
    refused_by: str | None
    reason_zh: str | None
    reason_en: str | None

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
    """What the batches of one source are judged with. A trial keeps nothing of what it finds."""

    settings: Settings
    registry: Registry
    lake: Lake
    source: Source
    suite: Suite
    known: pl.DataFrame
    verdicts: dict[str, Verdict]
    trial: Trial | None = None

    def night_of(self, batch: Batch) -> str:
        """The night that judged a batch first."""
        earlier = self.verdicts.get(batch.batch_id)
        return earlier.first_night if earlier else self.settings.knowledge_date.isoformat()

    def stands(self, batch: Batch) -> bool:
        """Whether a batch has a verdict on its file, not on the circumstances of a night."""
        verdict = self.verdicts.get(batch.batch_id)
        return verdict is not None and verdict.refused_by not in RETRIED

    def judged(self, batch: Batch, promoted: Promoted) -> Judged:
        """The verdict as it reads at the knowledge date."""
        return judged_of(batch, self.source, promoted, self.settings.knowledge_end)


def judge_source(settings: Settings, registry: Registry, lake: Lake, source_name: str) -> list[Judged]:
    """Judge every batch of a source that has no verdict yet, whose rows wait and may now be in order, or whose files in the lake are damaged.

    Raises Problem where the files of a batch must be made again and its received copy is not what was received.
    """
    gate = _gate(settings, registry, lake, source_name)
    judged: list[Judged] = []
    seen: set[str] = set()
    # reading a workbook registers its further sheets: they are judged in the next round
    while pending := [b for b in registry.batches().values() if b.source == source_name and b.batch_id not in seen and _is_pending(gate, b)]:
        seen |= {batch.batch_id for batch in pending}
        judged += _judge_pending(gate, pending)
    apply_decisions(settings, registry, lake, gate.source, gate.suite)
    return judged


def _judge_pending(gate: _Gate, pending: list[Batch]) -> list[Judged]:
    """Judge batches; those that were being judged when an earlier night was killed are tried apart first."""
    begun = gate.registry.judging()
    suspects = [batch.batch_id for batch in pending if batch.batch_id in begun]
    killers = fatal(suspects, try_batches, gate.settings, gate.source.name)
    judged = [_refuse_killer(gate, batch) for batch in pending if batch.batch_id in killers]
    healthy = [batch for batch in pending if batch.batch_id not in killers]
    for start in range(0, len(healthy), _FILES_A_PASS):
        with _marked(gate.registry, healthy[start : start + _FILES_A_PASS]) as batches:
            judged += _judge_files(gate, batches)
    return judged


def try_batches(settings: Settings, source_name: str, trial: Trial) -> None:
    """Read and judge batches without keeping anything: run in a process that may be killed by it."""
    registry = Registry(settings.warehouse / "registry.sqlite", read_only=True)
    try:
        gate = _gate(settings, registry, Lake(settings.validated, settings.quarantine, registry), source_name, trial)
        batches = registry.batches()
        _judge_files(gate, [batches[batch_id] for batch_id in trial.items])
    finally:
        registry.close()


def _gate(settings: Settings, registry: Registry, lake: Lake, source_name: str, trial: Trial | None = None) -> _Gate:
    suite = load_suite(settings.expectations, source_name)
    return _Gate(settings, registry, lake, load_sources()[source_name], suite, lake.known_enterprises(), registry.verdicts(), trial)


def _is_pending(gate: _Gate, batch: Batch) -> bool:
    if batch.batch_id in gate.lake.damaged:
        return True
    if batch.received > gate.settings.knowledge_end:
        return False
    verdict = gate.verdicts.get(batch.batch_id)
    return verdict is None or verdict.refused_by in RETRIED or _may_pass(verdict, gate.lake, gate.source, gate.known)


@contextmanager
def _marked(registry: Registry, batches: list[Batch]) -> Iterator[list[Batch]]:
    """Batches that are marked while they are judged: the marks that a killed night leaves tell which files to try apart."""
    ids = [batch.batch_id for batch in batches]
    registry.begin_judging(ids)
    try:
        yield batches
    except BaseException:
        # the night ends in good order: no file killed it. Where the registry itself is at fault, that is what is raised
        with suppress(sqlite3.Error):
            registry.end_judging(ids)
        raise


def _refuse_killer(gate: _Gate, batch: Batch) -> Judged:
    """A batch that killed a night, and then the process in which it was tried. Its mark stays: it is tried apart again."""
    delivery = _unread(batch, gate.source)
    delivery.problem = KILLED
    (judged,) = _judge_group(gate, [(batch, delivery)])
    gate.registry.begin_judging([batch.batch_id])
    return judged


def _judge_files(gate: _Gate, batches: list[Batch]) -> list[Judged]:
    """Judge batches: those that fit into memory in passes of many files, the others one by one."""
    judged: list[Judged] = []
    group: list[tuple[Batch, Delivery]] = []
    for batch in batches:
        if gate.trial:
            gate.trial.begin(batch.batch_id)
        with _workshop(gate.settings, batch) as folder:
            delivery, rows = _open(gate, batch, folder)
            if delivery.problem is not None and delivery.problem.check_id == LOST and gate.stands(batch) and batch.batch_id not in gate.lake.damaged:
                continue   # it was judged while its copy was right: that stands, and the receipt names the loss
            if rows is not None:
                judged += _judge_large(gate, batch, delivery, rows, folder)
                continue
        group.append((batch, delivery))
        if sum(d.rows_received for _, d in group) >= _ROWS_A_PASS:
            judged += _judge_group(gate, group)
            group = []
    return judged + _judge_group(gate, group)


def _judge_group(gate: _Gate, group: list[tuple[Batch, Delivery]]) -> list[Judged]:
    """Judge files that are in memory in one pass of the suite; where that fails, one by one. Their rows are given up with it."""
    if not group:
        return []
    if gate.trial:
        gate.trial.begin(*(batch.batch_id for batch, _ in group))
    name = f"{gate.source.name}/{group[0][0].file_name}" if len(group) == 1 else f"a pass of {len(group)} files of {gate.source.name}"
    found = fenced(name, lambda: _promote_group(gate, group))
    ids = {batch.batch_id for batch, _ in group}
    if gate.trial:
        return []
    if not isinstance(found, Unreadable):
        gate.lake.damaged -= ids
        return [gate.judged(batch, promoted) for (batch, _), promoted in zip(group, found, strict=True)]
    gate.lake.damaged |= ids   # files of theirs may have been written, and none was entered
    if len(group) > 1:
        return [judged for item in group for judged in _judge_group(gate, [item])]
    batch = group[0][0]
    delivery = _unread(batch, gate.source)
    delivery.problem = found
    (promoted,) = _promote_group(gate, [(batch, delivery)])
    gate.lake.damaged -= ids
    return [gate.judged(batch, promoted)]


def _promote_group(gate: _Gate, group: list[tuple[Batch, Delivery]]) -> list[Promoted]:
    judgements = judge(gate.source, [delivery for _, delivery in group], gate.suite, gate.known, gate.settings.quarantine_limit)
    if gate.trial:
        return []
    # files first, then the verdicts of the whole group in one transaction
    with gate.registry.transaction():
        return [
            promote(judgement, gate.source, gate.suite.version, gate.lake, gate.registry, gate.night_of(batch))
            for (batch, _), judgement in zip(group, judgements, strict=True)
        ]


@contextmanager
def _workshop(settings: Settings, batch: Batch) -> Iterator[Path]:
    """A folder for what lies between the received and the judged file, of this process alone; nothing of it stays."""
    folder = settings.warehouse / "bulk" / f"{batch.batch_id}.{os.getpid()}"
    remove_tree(folder)
    try:
        yield folder
    finally:
        remove_tree(folder)


def _open(gate: _Gate, batch: Batch, folder: Path) -> tuple[Delivery, LandedFile | SpilledRows | None]:
    """A received file as a delivery, and its rows where they lie on disk (None: they are in the delivery, or there are none)."""
    found = fenced(f"{batch.source}/{batch.file_name}", lambda: _read(gate, batch, folder))
    if isinstance(found, Unreadable):
        delivery = _unread(batch, gate.source)
        delivery.problem = delivery.problem or found
        return delivery, None
    return found


def _read(gate: _Gate, batch: Batch, folder: Path) -> tuple[Delivery, LandedFile | SpilledRows | None]:
    delivery = _unread(batch, gate.source)
    lost = lost_copy(gate.settings, batch) if has_copy(batch) else None
    if lost is not None and gate.stands(batch) and batch.batch_id in gate.lake.damaged and batch.file_id not in gate.registry.given_up():
        raise received_lost(gate.settings, [batch])
    delivery.problem = lost or delivery.problem
    if delivery.problem:
        return delivery, None
    try:
        if gate.source.bulk:
            return delivery, _landed(gate, batch, delivery, folder)
        read = read_or_spill(received_file(gate.settings, batch), gate.source, folder, batch.sheet_index)
    except Unreadable as problem:
        delivery.problem = problem
        return delivery, None
    delivery.rows, delivery.notes, delivery.note_rows = read.typed.frame, read.typed.notes, read.typed.note_rows
    delivery.malformed, delivery.unknown_headers = read.table.malformed, read.table.unknown_headers
    delivery.remarks, delivery.sheet = [*read.table.remarks, *period_remarks(batch.period, read.periods), *title_remarks(read.table.title_period, read.periods)], read.table.sheet
    _register_sheets(gate, batch, read.table.further)
    return delivery, read.spilled


def _register_sheets(gate: _Gate, batch: Batch, names: list[str]) -> None:
    if gate.trial is None:   # a trial keeps nothing
        register_sheets(gate.registry, batch, names)


def _landed(gate: _Gate, batch: Batch, delivery: Delivery, folder: Path) -> LandedFile | None:
    """The typed rows of a bulk file; None when it has none, and the delivery says why. Raises Unreadable."""
    with bounded(folder) as db:
        landed = land(db, received_file(gate.settings, batch), delivery.source, folder, batch.sheet_index)
        periods = landed.periods(db) if batch.period else set()
    text = landed.text
    _register_sheets(gate, batch, text.further)
    delivery.notes, delivery.note_rows, delivery.remarks = landed.notes, landed.note_rows, [*text.remarks, *period_remarks(batch.period, periods)]
    delivery.malformed, delivery.unknown_headers, delivery.sheet = text.malformed, text.unknown_headers, text.sheet
    return landed if landed.rows else None


def _judge_large(gate: _Gate, batch: Batch, delivery: Delivery, rows: LandedFile | SpilledRows, folder: Path) -> list[Judged]:
    """Judge a file whose rows lie on disk, in bounded memory."""
    found = fenced(f"{batch.source}/{batch.file_name}", lambda: _promote_large(gate, batch, delivery, rows, folder))
    if isinstance(found, Unreadable):
        gate.lake.damaged.add(batch.batch_id)
        if found.check_id == NOT_PROCESSED:
            delivery = _unread(batch, gate.source)
        delivery.problem, delivery.rows = found, None
        return _judge_group(gate, [(batch, delivery)])
    gate.lake.damaged.discard(batch.batch_id)
    return [] if found is None else [gate.judged(batch, found)]


def _promote_large(
    gate: _Gate, batch: Batch, delivery: Delivery, rows: LandedFile | SpilledRows, folder: Path
) -> Promoted | Unreadable | None:
    with bounded(folder) as db:
        try:
            if isinstance(rows, SpilledRows):
                verdict = judge_pieces(db, delivery, rows, gate.suite, gate.known, gate.settings.quarantine_limit, folder)
            else:
                verdict = judge_bulk(db, delivery, rows, gate.suite, gate.known, gate.settings.quarantine_limit, folder)
        except Unreadable as problem:
            return problem
        if gate.trial:
            return None
        return promote_bulk(db, verdict, gate.suite.version, gate.lake, gate.registry, gate.night_of(batch))


def judge_strangers(settings: Settings, registry: Registry, lake: Lake) -> list[Judged]:
    """Verdicts on what lies in folders that are no source: refused, with the reason."""
    verdicts = registry.verdicts()
    judged = []
    for batch in registry.batches().values():
        waits = batch.batch_id not in verdicts and batch.received <= settings.knowledge_end
        if batch.source in load_sources() or not (waits or batch.batch_id in lake.damaged):
            continue
        stranger = Source(batch.source, batch.source, batch.source, "static", (), ())
        (judgement,) = judge(stranger, [_unread(batch, stranger)], Suite(batch.source, "reader", ()), lake.known_enterprises(), 1.0)
        night = verdicts[batch.batch_id].first_night if batch.batch_id in verdicts else settings.knowledge_date.isoformat()
        promoted = promote(judgement, stranger, "reader", lake, registry, night)
        lake.damaged.discard(batch.batch_id)
        judged.append(judged_of(batch, stranger, promoted, settings.knowledge_end))
    return judged


def untold(settings: Settings, registry: Registry) -> tuple[list[Judged], dict[str, str]]:
    """The verdicts that no published night has told yet, and their marks (`Registry.put_told`)."""
    marks = registry.untold(settings.knowledge_end)
    batches, verdicts, known = registry.batches(), registry.verdicts(), registry.known_moments(marks)
    sources = load_sources()
    told = []
    for batch_id in marks:
        batch = batches[batch_id]
        promoted = Promoted(verdicts[batch_id], known[batch_id])
        told.append(judged_of(batch, sources.get(batch.source), promoted, settings.knowledge_end))
    return told, marks


def judged_of(batch: Batch, source: Source | None, promoted: Promoted, end: datetime) -> Judged:
    """A verdict at a knowledge date: rows that still wait for their month or enterprise are not accepted yet."""
    verdict = promoted.verdict
    passed = verdict.passes_from is not None and datetime.fromisoformat(verdict.passes_from) <= end
    # the rows of a published table are accepted, whenever their document makes them count
    always = batch.is_published or (source is not None and source.known_from_document)
    entered = sum(rows for moment, rows in promoted.known if always or datetime.fromisoformat(moment) <= end) if passed else 0
    refused = verdict.refused_by or (None if passed else "L17-share")
    return Judged(batch, verdict.rows_received, entered, refused, verdict.reason_zh, verdict.reason_en)


def _may_pass(verdict: Verdict, lake: Lake, source: Source, known: pl.DataFrame) -> bool:
    """True when the register now has, for its period, an enterprise that held a row back."""
    if not verdict.waiting:
        return False
    findings, rows_file = (lake.quarantined(source.name, verdict.batch_id, kind) for kind in ("findings", "held"))
    if not findings.exists() or not rows_file.exists():
        return True
    waits = (
        pl.scan_parquet(findings, glob=False).filter(pl.col("check_id").is_in(REGISTER_CHECKS) & pl.col("holds_until").is_null())
        .select("row_no").unique()
    )
    held = pl.scan_parquet(rows_file, glob=False)
    names = [name for name in ("uscc", "period", "period_grain", "year") if name in held.collect_schema()]
    rows = held.join(waits, on="row_no", how="semi").select(names).unique().collect(engine="streaming")
    return bool(len(with_register(rows, known)["period_known_from"].drop_nulls()))


def _unread(batch: Batch, source: Source) -> Delivery:
    delivery = Delivery(
        batch_id=batch.batch_id, source=source, received_at=batch.received,
        is_synthetic=bool(batch.is_synthetic), is_published=bool(batch.is_published),
    )
    if batch.problem_id:
        delivery.problem = Unreadable(batch.problem_id, batch.problem_zh or "", batch.problem_en or "")
    return delivery
