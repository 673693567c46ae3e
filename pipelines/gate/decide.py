"""What the steward's decisions make of a batch: the delivered file, judged again with the decisions that are in force.

Nothing is edited in place. A batch that decisions touch has versions, each for the span of time in which one set of decisions
holds; a night reads the version of its knowledge date. Versions follow from the deliveries alone, so the order of the
nights in which they arrived does not matter.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, time
from functools import partial
from typing import Any

import polars as pl

from pipelines.contracts.decisions import load_bounds
from pipelines.gate.context import Gate
from pipelines.gate.decisions import Decision, Plan, Target, known_by, resolve
from pipelines.gate.delivery import Decided, Delivery
from pipelines.gate.evidence import add_evidence
from pipelines.gate.fence import fenced
from pipelines.gate.findings import finding_frame
from pipelines.gate.judge import InMemory, judge, labelled
from pipelines.gate.promote import as_kept
from pipelines.gate.reading import unread
from pipelines.gate.register import REGISTER_CHECKS
from pipelines.gate.stake import add_stake
from pipelines.gate.verdict import Judgement
from pipelines.ingest.copies import lost_copy
from pipelines.ingest.header import find_table
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.read import NOTE_LIMIT
from pipelines.ingest.readers import read_tables
from pipelines.ingest.table import HeaderedTable
from pipelines.ingest.typed import type_table
from pipelines.warehouse.lake import read_lake_file
from pipelines.warehouse.received import received_file
from pipelines.warehouse.records import Batch, Verdict, Version

# Rows of a bulk source (meter readings) up to which a batch is judged again: it goes through memory, about 2 kB a row and version.
LARGEST_BULK = 100_000


def apply_decisions(gate: Gate) -> int:
    """Make the versions of every batch of a source that decisions touch and that changed. Returns how many were made.

    A batch that cannot be judged again keeps what it has: it is tried again every night.
    """
    batches = gate.registry.batches()
    targets: list[tuple[Target, str]] = []
    for batch_id, decisions in sorted(decisions_by_batch(gate.lake.decisions()).items()):
        batch, verdict = batches.get(batch_id), gate.verdicts.get(batch_id)
        if batch is None or verdict is None or batch.source != gate.source.name or (gate.source.bulk and verdict.rows_received > LARGEST_BULK):
            continue
        mark = _mark(gate, decisions, verdict)
        if gate.registry.decided_mark(batch_id) != mark and (batch.problem_id or lost_copy(gate.settings, batch) is None):   # of a lost file the versions stand
            found = fenced(f"decisions on {gate.source.name}/{batch.file_name}", partial(target_of, gate, batch, verdict, decisions))
            if not isinstance(found, Unreadable):
                targets.append((found, mark))
    make = partial(_make_versions, gate)
    if targets and isinstance(fenced(f"decisions on {len(targets)} batches of {gate.source.name}", partial(make, targets)), Unreadable):
        return sum(not isinstance(fenced(f"decisions on {t.batch.batch_id}", partial(make, [(t, mark)])), Unreadable) for t, mark in targets)
    return len(targets)


def decisions_by_batch(rows: pl.DataFrame) -> dict[str, list[Decision]]:
    """Decisions by the batch that they are about. rows: those of the lake's steward_decision."""
    found: dict[str, list[Decision]] = defaultdict(list)
    for row in rows.sort("decision_id", "received_at", "batch_id", "row_no").iter_rows(named=True):
        decided = datetime.combine(row["decided_on"], time())
        found[row["target_batch_id"]].append(Decision(
            decision_id=row["decision_id"], row_no=None if row["target_row_no"] is None else int(row["target_row_no"]),
            check_id=row["check_id"] or "", column=row["target_column"] or "", action=row["decision"], new_value=row["new_value"], by=row["by"], second_by=row["second_by"],
            decided_on=row["decided_on"], expires_on=row["expires_on"], effective=max(row["known_at"], decided),
            received_at=row["received_at"], is_synthetic=row["is_synthetic"], content_hash=row["content_hash"],
        ))
    return found


def _mark(gate: Gate, decisions: list[Decision], verdict: Verdict) -> str:
    """What the versions of a batch depend on: decisions, its verdict, and the enterprises that its rows wait for."""
    path = gate.lake.quarantined(gate.source.name, verdict.batch_id, "decided_findings")
    waits = read_lake_file(path).filter(pl.col("check_id").is_in(REGISTER_CHECKS)) if path.exists() else pl.DataFrame({"uscc": []}, schema={"uscc": pl.String})
    register = gate.standard.known.join(waits.select("uscc").unique(), on="uscc", how="semi").sort("uscc").rows()
    text = repr([decisions, verdict.suite_version, verdict.passes_from, verdict.waiting, register])
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def target_of(gate: Gate, batch: Batch, verdict: Verdict, decisions: list[Decision]) -> Target:
    """A batch as delivered, with the decisions about it."""
    source = gate.source
    cited = {
        (row["row_no"], row["check_id"]): (row["severity"], row["column_name"])
        for row in gate.lake.findings(source.name, batch.batch_id).iter_rows(named=True)
    }
    target = Target(batch, verdict, source, None, pl.DataFrame(), cited, decisions, frozenset(rule.id for rule in gate.suite.rules))
    if batch.problem_id:
        return target
    try:
        table = find_table(read_tables(received_file(gate.settings, batch)), source, batch.sheet_index)
        table.rows = list(table.rows)   # read once from the file; each version goes through them again
    except Unreadable:
        return target
    rows = labelled(unread(batch, source), type_table(table, source).frame)
    if len(rows):
        rows = add_stake(add_evidence(rows, source, gate.standard.known), source)
    return replace(target, table=table, rows=rows)


def _make_versions(gate: Gate, targets: list[tuple[Target, str]]) -> None:
    bounds = load_bounds(gate.settings.expectations)
    plans: list[tuple[Target, datetime, str, Plan, Delivery]] = []
    for target, _ in targets:
        for moment in target.moments():
            in_force = known_by(target.decisions, moment)
            plan = resolve(target, in_force, moment, bounds)
            digest = repr([(d.decision_id, d.content_hash, d.expired(moment)) for d in in_force])
            version = hashlib.sha256(digest.encode()).hexdigest()[:12]
            plans.append((target, moment, version, plan, delivery_of(target, plan, f"{target.batch.batch_id}@{len(plans)}")))
    judged = judge(gate.standard, [delivery for *_, delivery in plans])
    for target, mark in targets:
        mine = [(m, v, p, j) for (t, m, v, p, _), j in zip(plans, judged, strict=True) if t is target]
        _store(gate, target, mark, mine)


def delivery_of(target: Target, plan: Plan, name: str) -> Delivery:
    """The delivery as the plan has it: corrected cells, without the rejected rows."""
    batch, source = target.batch, target.source
    delivery = replace(unread(batch, source), batch_id=name, problem=None)
    if target.table is None:
        zh, en = target.verdict.reason_zh or "", target.verdict.reason_en or ""
        delivery.problem = Unreadable(target.verdict.refused_by or "L01-unreadable", zh, en)
        return delivery
    typed = type_table(_corrected(target.table, plan.changes), source)
    rejected = list(plan.rejections)
    delivery.rows = typed.frame.filter(~pl.col("row_no").is_in(rejected))
    delivery.notes, delivery.note_rows, delivery.remarks = typed.notes[:NOTE_LIMIT], typed.note_rows, target.table.remarks
    delivery.malformed, delivery.unknown_headers = target.table.malformed, target.table.unknown_headers
    delivery.sheet, delivery.totals = target.table.sheet, len(target.table.totals)
    delivery.decided = Decided(target.rows.filter(pl.col("row_no").is_in(rejected)), plan.rejections, plan.waived, plan.withdrawn)
    return delivery


def _corrected(table: HeaderedTable, changes: dict[int, dict[str, str]]) -> HeaderedTable:
    """The table with new texts in the cells that decisions correct; a column that the file does not have is added."""
    columns = dict(table.columns)
    width = max([len(cells) for _, cells in table.rows], default=0)
    for name in sorted({name for row in changes.values() for name in row}):
        columns.setdefault(name, max(width, *(p + 1 for p in columns.values())))
    rows = []
    for row_no, cells in table.rows:
        new = list(cells)
        for name, value in changes.get(row_no, {}).items():
            new += [""] * (columns[name] + 1 - len(new))
            new[columns[name]] = value
        rows.append((row_no, new))
    return replace(table, columns=columns, rows=rows)


def _store(gate: Gate, target: Target, mark: str, judged: list[tuple[datetime, str, Plan, Judgement[InMemory]]]) -> None:
    """Write the versions of one batch: files first, the registry last."""
    batch_id, source = target.batch.batch_id, target.source
    base = _rows_of(gate.lake.accepted_rows(source, batch_id))
    versions: list[Version] = []
    effects: dict[str, list[dict[str, Any]]] = {}
    rows: dict[str, pl.DataFrame] = {}
    findings: dict[str, pl.DataFrame] = {}
    ends = [moment for moment, *_ in judged[1:]] + [None]
    for (moment, version, plan, judgement), end in zip(judged, ends, strict=True):
        own = pl.lit(batch_id).alias("batch_id"), pl.lit(version).alias("version")
        accepted, kept = judgement.load.accepted, as_kept(judgement, gate.suite, batch_id, target.verdict.first_night)
        now = _rows_of(accepted)
        differ = sorted(row for row in base.keys() | now.keys() if base.get(row) != now.get(row))
        if len(accepted):
            rows[version] = accepted.filter(pl.col("row_no").is_in(differ)).with_columns(*own)
        findings[version] = finding_frame(judgement.load.findings).with_columns(*own)
        effects[version] = [{**effect, "batch_id": batch_id, "version": version} for effect in plan.effects]
        versions.append(Version(
            batch_id, version, moment.isoformat(), end.isoformat() if end else None, vars(kept.verdict) | {}, kept.checks, kept.known, differ,
        ))
    changed = [frame.select(list(source.lake_schema)) for _, frame in sorted(rows.items()) if len(frame)]
    told = pl.concat([frame for _, frame in sorted(findings.items())]).sort("version", "row_no", "check_id", "column_name")
    files = gate.lake.put_decided(source, batch_id, pl.concat(changed) if changed else pl.DataFrame(schema=source.lake_schema), told)
    gate.registry.put_decided(batch_id, mark, versions, [e for _, found in sorted(effects.items()) for e in found], files)


def _rows_of(accepted: pl.DataFrame) -> dict[int, tuple[str, datetime]]:
    """row_no -> what tells two versions of an accepted row apart."""
    return {row: (content, known) for row, content, known in accepted.select("row_no", "content_hash", "known_at").iter_rows()} if len(accepted) else {}
