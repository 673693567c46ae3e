"""A received file as a delivery: what its reader found, and where its rows lie."""

from __future__ import annotations

from pathlib import Path

from pipelines.contracts.source import Source
from pipelines.gate.context import Gate
from pipelines.gate.delivery import Delivery
from pipelines.gate.fence import fenced
from pipelines.gate.sheets import register_sheets
from pipelines.ingest.bulk import LandedFile, land
from pipelines.ingest.copies import lost_copy
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.read import read_or_spill
from pipelines.ingest.said_period import period_remarks, title_remarks
from pipelines.ingest.spill import SpilledRows
from pipelines.warehouse.duck import bounded
from pipelines.warehouse.inspect import received_lost
from pipelines.warehouse.received import has_copy, received_file
from pipelines.warehouse.records import Batch

Opened = tuple[Delivery, LandedFile | SpilledRows | None]


def unread(batch: Batch, source: Source, problem: Unreadable | None = None) -> Delivery:
    """A delivery of which nothing was read; `problem` says why, where the batch does not say it itself."""
    if batch.problem_id:
        problem = Unreadable(batch.problem_id, batch.problem_zh or "", batch.problem_en or "")
    return Delivery(
        batch_id=batch.batch_id, source=source, received_at=batch.received,
        is_synthetic=bool(batch.is_synthetic), is_published=bool(batch.is_published), problem=problem,
    )


def open_batch(gate: Gate, batch: Batch, folder: Path) -> Opened:
    """A received file as a delivery, and its rows where they lie on disk (None: they are in the delivery, or there are none).

    Raises Problem where its files are to be made again and its received copy is not what was received.
    """
    found = fenced(f"{batch.source}/{batch.file_name}", lambda: _read(gate, batch, folder))
    return (unread(batch, gate.source, found), None) if isinstance(found, Unreadable) else found


def _read(gate: Gate, batch: Batch, folder: Path) -> Opened:
    delivery = unread(batch, gate.source)
    lost = lost_copy(gate.settings, batch) if has_copy(batch) else None
    if lost is not None and gate.stands(batch) and batch.batch_id in gate.lake.damaged and batch.file_id not in gate.registry.given_up():
        raise received_lost(gate.settings, [batch])
    delivery.problem = lost or delivery.problem
    if delivery.problem:
        return delivery, None
    try:
        return delivery, (_land if gate.source.bulk else _type)(gate, batch, delivery, folder)
    except Unreadable as problem:
        delivery.problem = problem
        return delivery, None


def _type(gate: Gate, batch: Batch, delivery: Delivery, folder: Path) -> SpilledRows | None:
    """Type the rows of a file. Raises Unreadable."""
    read = read_or_spill(received_file(gate.settings, batch), gate.source, folder, batch.sheet_index)
    table, typed = read.table, read.typed
    delivery.rows, delivery.notes, delivery.note_rows = typed.frame, typed.notes, typed.note_rows
    delivery.malformed, delivery.unknown_headers, delivery.sheet = table.malformed, table.unknown_headers, table.sheet
    delivery.remarks = [*table.remarks, *period_remarks(batch.period, read.periods), *title_remarks(table.title_period, read.periods)]
    _register_sheets(gate, batch, table.further)
    return read.spilled


def _land(gate: Gate, batch: Batch, delivery: Delivery, folder: Path) -> LandedFile | None:
    """Type the rows of a bulk file; None when it has none, and the delivery says why. Raises Unreadable."""
    with bounded(folder) as db:
        landed = land(db, received_file(gate.settings, batch), delivery.source, folder, batch.sheet_index)
        periods = landed.periods(db) if batch.period else set()
    text = landed.text
    delivery.notes, delivery.note_rows = landed.notes, landed.note_rows
    delivery.malformed, delivery.unknown_headers, delivery.sheet = text.malformed, text.unknown_headers, text.sheet
    delivery.remarks = [*text.remarks, *period_remarks(batch.period, periods)]
    _register_sheets(gate, batch, text.further)
    return landed if landed.rows else None


def _register_sheets(gate: Gate, batch: Batch, names: list[str]) -> None:
    if gate.trial is None:   # a trial keeps nothing
        register_sheets(gate.registry, batch, names)
