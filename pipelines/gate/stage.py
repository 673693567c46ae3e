"""The gate as a stage of the night: which batches are to be judged, and their way from received file to verdict."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import polars as pl

from pipelines.contracts.source import Source, load_sources
from pipelines.gate.bulk import judge_bulk
from pipelines.gate.context import Gate, open_gate
from pipelines.gate.decide import apply_decisions
from pipelines.gate.delivery import Delivery
from pipelines.gate.fence import KILLED, NOT_PROCESSED, RETRIED, fenced
from pipelines.gate.judge import judge
from pipelines.gate.on_disk import Workbench
from pipelines.gate.outcome import Judged, judged_of
from pipelines.gate.pieces import judge_pieces
from pipelines.gate.promote import Promoted, promote
from pipelines.gate.reading import open_batch, unread
from pipelines.gate.register import REGISTER_CHECKS, with_register
from pipelines.gate.trial import Trial, fatal
from pipelines.ingest.bulk import LandedFile
from pipelines.ingest.copies import LOST
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.spill import SpilledRows
from pipelines.settings import Settings
from pipelines.warehouse.duck import bounded
from pipelines.warehouse.files import remove_tree
from pipelines.warehouse.lake import Lake
from pipelines.warehouse.records import Batch, Verdict
from pipelines.warehouse.registry import Registry

# Rows judged in one pass: bounds the memory of the suites, whatever the number of files.
_ROWS_A_PASS = 300_000
# Files judged in one pass: bounds what a kill makes the next night do again.
_FILES_A_PASS = 2_000


def sources_in_order() -> list[str]:
    """The order of judgement: decisions first, they concern every source; then the register, others are judged against it."""
    names = list(load_sources())
    return sorted(names, key=lambda name: (name != "steward_decision", name != "enterprise_register", name))


def judge_source(settings: Settings, registry: Registry, lake: Lake, source_name: str) -> list[Judged]:
    """Judge every batch of a source that has no verdict yet, whose rows wait and may now be in order, or whose files in the lake are damaged.

    Raises Problem where the files of a batch must be made again and its received copy is not what was received.
    """
    gate = open_gate(settings, registry, lake, source_name)
    judged: list[Judged] = []
    seen: set[str] = set()
    # reading a workbook registers its further sheets: they are judged in the next round
    while pending := [b for b in registry.batches().values() if b.source == source_name and b.batch_id not in seen and _is_pending(gate, b)]:
        seen |= {batch.batch_id for batch in pending}
        judged += _judge_pending(gate, pending)
    apply_decisions(open_gate(settings, registry, lake, source_name))   # with the verdicts and the register as they are by now
    return judged


def judge_strangers(settings: Settings, registry: Registry, lake: Lake) -> list[Judged]:
    """Verdicts on what lies in folders that are no source: refused, with the reason."""
    judged: list[Judged] = []
    strangers = [batch for batch in registry.batches().values() if batch.source not in load_sources()]
    for name in sorted({batch.source for batch in strangers}):
        gate = open_gate(settings, registry, lake, name)
        pending = [batch for batch in strangers if batch.source == name and _is_pending(gate, batch)]
        judged += _judge_group(gate, [(batch, unread(batch, gate.source)) for batch in pending])
    return judged


def _judge_pending(gate: Gate, pending: list[Batch]) -> list[Judged]:
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
        gate = open_gate(settings, registry, Lake(settings.validated, settings.quarantine, registry), source_name, trial)
        batches = registry.batches()
        _judge_files(gate, [batches[batch_id] for batch_id in trial.items])
    finally:
        registry.close()


def _is_pending(gate: Gate, batch: Batch) -> bool:
    if batch.batch_id in gate.lake.damaged:
        return True
    if batch.received > gate.settings.knowledge_end:
        return False
    verdict = gate.verdicts.get(batch.batch_id)
    return verdict is None or verdict.refused_by in RETRIED or _may_pass(verdict, gate.lake, gate.source, gate.standard.known)


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


def _refuse_killer(gate: Gate, batch: Batch) -> Judged:
    """A batch that killed a night, and then the process in which it was tried. Its mark stays: it is tried apart again."""
    delivery = unread(batch, gate.source)
    delivery.problem = KILLED
    (judged,) = _judge_group(gate, [(batch, delivery)])
    gate.registry.begin_judging([batch.batch_id])
    return judged


def _judge_files(gate: Gate, batches: list[Batch]) -> list[Judged]:
    """Judge batches: those that fit into memory in passes of many files, the others one by one."""
    judged: list[Judged] = []
    group: list[tuple[Batch, Delivery]] = []
    for batch in batches:
        if gate.trial:
            gate.trial.begin(batch.batch_id)
        with _workshop(gate.settings, batch) as folder:
            delivery, rows = open_batch(gate, batch, folder)
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


@contextmanager
def _workshop(settings: Settings, batch: Batch) -> Iterator[Path]:
    """A folder for what lies between the received and the judged file, of this process alone; nothing of it stays."""
    folder = settings.warehouse / "bulk" / f"{batch.batch_id}.{os.getpid()}"
    remove_tree(folder)
    try:
        yield folder
    finally:
        remove_tree(folder)


def _judge_group(gate: Gate, group: list[tuple[Batch, Delivery]]) -> list[Judged]:
    """Judge files that are in memory in one pass of the suite; where that fails, one by one. Their rows are given up with it."""
    if not group:
        return []
    if gate.trial:
        gate.trial.begin(*(batch.batch_id for batch, _ in group))
    name = f"{gate.source.name}/{group[0][0].file_name}" if len(group) == 1 else f"a pass of {len(group)} files of {gate.source.name}"
    found = fenced(name, lambda: _promote_group(gate, group))
    if gate.trial:
        return []
    if isinstance(found, Unreadable):
        gate.lake.damaged |= {batch.batch_id for batch, _ in group}   # files of theirs may have been written, and none was entered
        if len(group) > 1:
            return [judged for item in group for judged in _judge_group(gate, [item])]
        delivery = unread(group[0][0], gate.source)
        delivery.problem = found
        found = _promote_group(gate, [(group[0][0], delivery)])
    return [_entered(gate, batch, promoted) for (batch, _), promoted in zip(group, found, strict=True)]


def _entered(gate: Gate, batch: Batch, promoted: Promoted) -> Judged:
    """The verdict as it reads at the knowledge date, once its files are entered."""
    gate.lake.damaged.discard(batch.batch_id)
    return judged_of(batch, gate.source, promoted.verdict, promoted.known, gate.settings.knowledge_end)


def _promote_group(gate: Gate, group: list[tuple[Batch, Delivery]]) -> list[Promoted]:
    judgements = judge(gate.standard, [delivery for _, delivery in group])
    if gate.trial:
        return []
    # files first, then the verdicts of the whole group in one transaction
    with gate.registry.transaction():
        return [
            promote(judgement, gate.suite, gate.lake, gate.registry, gate.night_of(batch))
            for (batch, _), judgement in zip(group, judgements, strict=True)
        ]


def _judge_large(gate: Gate, batch: Batch, delivery: Delivery, rows: LandedFile | SpilledRows, folder: Path) -> list[Judged]:
    """Judge a file whose rows lie on disk, in bounded memory."""
    found = fenced(f"{batch.source}/{batch.file_name}", lambda: _promote_large(gate, batch, delivery, rows, folder))
    if isinstance(found, Unreadable):
        gate.lake.damaged.add(batch.batch_id)
        if found.check_id == NOT_PROCESSED:
            delivery = unread(batch, gate.source)
        delivery.problem, delivery.rows = found, None
        return _judge_group(gate, [(batch, delivery)])
    return [] if found is None else [_entered(gate, batch, found)]


def _promote_large(gate: Gate, batch: Batch, delivery: Delivery, rows: LandedFile | SpilledRows, folder: Path) -> Promoted | Unreadable | None:
    with bounded(folder) as db:
        bench = Workbench(db, folder)
        try:
            judged = judge_pieces(gate.standard, delivery, rows, bench) if isinstance(rows, SpilledRows) else judge_bulk(gate.standard, delivery, rows, bench)
        except Unreadable as problem:
            return problem
        return None if gate.trial else promote(judged, gate.suite, gate.lake, gate.registry, gate.night_of(batch))


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
