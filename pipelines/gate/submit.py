"""A filled-in correction sheet, tried as the gate will judge it and then delivered to the inbox; one with a mistake is told at once and not delivered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl

from pipelines.contracts.codes import SEEDS, read_rows
from pipelines.contracts.decisions import load_bounds
from pipelines.contracts.source import load_sources
from pipelines.contracts.text import printable
from pipelines.gate.context import open_gate
from pipelines.gate.decide import LARGEST_BULK, decisions_by_batch, delivery_of, target_of
from pipelines.gate.decisions import Decision, known_by, resolve
from pipelines.gate.delivery import Delivery
from pipelines.gate.findings import Finding
from pipelines.gate.judge import judge
from pipelines.ingest.copies import CopyState, checked_copy
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.read import read_file
from pipelines.ingest.receive import require_inbox
from pipelines.ingest.scan import is_trick, is_unfinished
from pipelines.ingest.sidecar import SIDECAR, read_sidecar
from pipelines.problem import Problem
from pipelines.settings import Settings
from pipelines.warehouse.files import write_atomically
from pipelines.warehouse.inspect import received_lost
from pipelines.warehouse.lake import Lake
from pipelines.warehouse.registry import Registry

SOURCE = "steward_decision"
_TRIED = "sheet"   # the batch that the sheet is while it is tried


@dataclass(frozen=True)
class Remark:
    """What is wrong with a line of the sheet; row_no 0: with the sheet. decision_id: None where the line has none that can be read."""

    row_no: int
    check_id: str
    decision_id: str | None
    zh: str
    en: str
    advice_zh: str
    advice_en: str


_UNFILLED = Remark(
    0, "L15-no-rows", None, "没有一行填写了内容", "no line is filled in", "在要更正的行填写更正值、理由、决定人、决定日期后再提交；都不更正的不用提交",
    "Fill in value, reason, who decided and the day on the lines to be corrected; a sheet that corrects nothing need not be delivered",
)


@dataclass(frozen=True)
class Submission:
    """Where a sheet was delivered (None: it was not), how many decisions it holds, and what is wrong with it."""

    path: Path | None
    decisions: int
    remarks: tuple[Remark, ...]


def submit(settings: Settings, sheet: Path, to: Path | None = None) -> Submission:
    """Try a filled-in correction sheet and, where nothing is wrong with it, deliver it. to: the folder, else `steward_decision` of the inbox.

    A sidecar that lies beside the sheet goes with it. What hangs on the ledger (the limit for a second signature on what only tells) is
    judged by the night. Raises Problem where there is no data folder to try it on, a received file that it decides on is not what was
    received, the inbox is not there, its name is one that a night leaves alone, or another file of that name lies in the folder.
    """
    if to is None:
        require_inbox(settings)
    if is_unfinished(sheet.name) or is_trick(sheet.name):
        raise Problem(f"收件箱不收名为 {printable(sheet.name)} 的文件，请改名后再提交", f"the inbox does not take files named {printable(sheet.name)}: give the sheet another name")
    beside = sheet.with_name(sheet.name + SIDECAR)
    files = {path.name: path.read_bytes() for path in (beside, sheet) if path.exists()}   # the sidecar first: no night sees the sheet without it
    with closing(_registry(settings)) as registry:
        lake = Lake(settings.validated, settings.quarantine, registry)
        rows, remarks = _tried(settings, registry, lake, sheet)
        remarks = remarks or list(_without_effect(settings, registry, lake, rows))
    if remarks:
        return Submission(None, len(rows), tuple(sorted(remarks, key=lambda remark: (remark.row_no, remark.check_id))))
    folder = to or settings.inbox / SOURCE
    for name, data in files.items():
        if (folder / name).exists() and (folder / name).read_bytes() != data:
            raise Problem(f"{folder / name} 已有同名而内容不同的文件，请改名后再提交", f"another file of that name lies at {folder / name}: give the sheet another name")
    for name, data in files.items():
        write_atomically(folder / name, data)
    return Submission(folder / sheet.name, len(rows), ())


def _registry(settings: Settings) -> Registry:
    path = settings.warehouse / "registry.sqlite"
    if not path.exists():
        raise Problem(f"{settings.data} 还没有收过任何文件，无从核对决定", f"nothing was received at {settings.data} yet: there is nothing to decide on")
    return Registry(path, read_only=True)


def _tried(settings: Settings, registry: Registry, lake: Lake, sheet: Path) -> tuple[pl.DataFrame, list[Remark]]:
    """The decisions of a sheet as the lake would hold them, and what the gate has against them."""
    delivery = Delivery(_TRIED, load_sources()[SOURCE], settings.knowledge_end, is_synthetic=False, is_published=False)
    try:
        delivery.is_synthetic = read_sidecar(sheet.with_name(sheet.name + SIDECAR)).synthetic
        read = read_file(sheet, delivery.source)
        delivery.rows, delivery.malformed, delivery.remarks = read.typed.frame, read.table.malformed, read.table.remarks
    except Unreadable as problem:
        delivery.problem = problem
    (judged,) = judge(open_gate(settings, registry, lake, SOURCE).standard, [delivery])
    ids = dict(delivery.rows.select("row_no", "decision_id").iter_rows()) if delivery.rows is not None else {}
    against = [found for found in judged.load.findings if found.severity != "info"]
    if delivery.rows is not None and not len(delivery.rows) and any(remark.check_id == "N06-left-open" for remark in delivery.remarks):
        return judged.load.accepted, [_UNFILLED]
    of_rows = [found for found in against if found.row_no]   # where a line has a mistake of its own, that is what is to be mended
    return judged.load.accepted, [_remark(found, found.row_no or 0, ids.get(found.row_no or 0)) for found in of_rows or against]


def _remark(found: Finding, row_no: int, decision_id: str | None) -> Remark:
    return Remark(row_no, found.check_id, decision_id, found.message_zh, found.message_en, found.advice_zh, found.advice_en)


def _without_effect(settings: Settings, registry: Registry, lake: Lake, rows: pl.DataFrame) -> Iterator[Remark]:
    """The decisions of a sheet that would do nothing, or not what was meant, with those that stand already."""
    row_of = {row["decision_id"]: row["row_no"] for row in rows.iter_rows(named=True)}
    standing = decisions_by_batch(lake.decisions())
    for batch_id, mine in sorted(decisions_by_batch(rows).items()):
        for decision_id, said in _effects(settings, registry, lake, batch_id, mine, standing.get(batch_id, [])):
            row_no = row_of[decision_id]
            if isinstance(said, Finding):
                yield _remark(said, row_no, decision_id)
            elif words := _states().get(said):
                yield Remark(row_no, words["check_id"] or said, decision_id, words["message_zh"], words["message_en"], words["advice_zh"], words["advice_en"])


@cache
def _states() -> dict[str, dict[str, str]]:
    """What a decision comes to that does not do what was meant: there is something to be done about it."""
    return {row["state"]: row for row in read_rows(SEEDS / "decision_state.csv") if row["advice_zh"]}


def _effects(
    settings: Settings, registry: Registry, lake: Lake, batch_id: str, mine: list[Decision], standing: list[Decision]
) -> Iterator[tuple[str, str | Finding]]:
    """What each of my decisions on a batch comes to once all of them are in force: a state (seed `decision_state`), or what a corrected row still fails."""
    batch, verdict = registry.batches().get(batch_id), registry.verdicts().get(batch_id)
    if batch is None or verdict is None:
        yield from ((decision.decision_id, "batch_unknown") for decision in mine)
        return
    gate = open_gate(settings, registry, lake, batch.source)
    if gate.source.bulk and verdict.rows_received > LARGEST_BULK:
        yield from ((decision.decision_id, "not_applicable") for decision in mine)
        return
    if batch.problem_id is None and checked_copy(settings, batch) is not CopyState.OK:
        raise received_lost(settings, [batch])
    target = target_of(gate, batch, verdict, [*standing, *mine])
    moment = max(decision.effective for decision in mine)
    plan = resolve(target, known_by(target.decisions, moment), moment, load_bounds(settings.expectations))
    found = judge(gate.standard, [delivery_of(target, plan, batch_id)])[0].load.findings if plan.changes else []
    fails = {finding.row_no: finding for finding in reversed(found) if finding.holds_back}
    own = {decision.decision_id for decision in mine}
    for effect in plan.effects:
        if effect["decision_id"] in own:
            still = fails.get(effect["row_no"]) if effect["state"] == "corrected" else None
            yield effect["decision_id"], still or str(effect["state"])
