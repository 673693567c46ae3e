"""What the steward's decisions make of a batch: the delivered file, judged again with the decisions that are in force.

Nothing is edited in place. A batch that decisions touch has versions, each for the span of time in which one set of decisions
holds; a night reads the version of its knowledge date. Versions follow from the deliveries alone, so the order of the
nights in which they arrived does not matter.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import partial

import polars as pl

from pipelines.contracts.decisions import Bounds, load_bounds
from pipelines.contracts.source import Source
from pipelines.contracts.text import code_key
from pipelines.gate.context import Gate
from pipelines.gate.delivery import Decided, Delivery
from pipelines.gate.evidence import REGISTER_CHECKS, add_evidence
from pipelines.gate.fence import fenced
from pipelines.gate.findings import finding_frame
from pipelines.gate.judge import InMemory, judge, labelled
from pipelines.gate.promote import as_kept
from pipelines.gate.reading import unread
from pipelines.gate.stake import add_stake
from pipelines.gate.verdict import Judgement
from pipelines.ingest.copies import lost_copy
from pipelines.ingest.header import find_table, header_names
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.read import NOTE_LIMIT
from pipelines.ingest.readers import read_tables
from pipelines.ingest.table import HeaderedTable
from pipelines.ingest.typed import type_table
from pipelines.warehouse.lake import read_lake_file
from pipelines.warehouse.received import received_file
from pipelines.warehouse.registry import Batch, Verdict, Version

# Rows of a bulk source (meter readings) up to which a batch is judged again: it goes through memory, about 2 kB a row and version.
_LARGEST_BULK = 100_000

CORRECT, ACCEPT, REJECT = "更正", "按原值接受", "拒绝"


@dataclass(frozen=True)
class Decision:
    """One delivered decision. `effective`: the later of its receipt and the day it was decided on."""

    decision_id: str
    row_no: int | None
    check_id: str
    column: str
    action: str
    new_value: str | None
    by: str
    second_by: str | None
    decided_on: date
    expires_on: date | None
    effective: datetime
    received_at: datetime
    is_synthetic: bool
    content_hash: str

    def order(self) -> tuple[date, str]:
        return self.decided_on, self.decision_id

    def expired(self, moment: datetime) -> bool:
        """A waiver ends with its last day."""
        return self.action == ACCEPT and self.expires_on is not None and moment.date() > self.expires_on

    def signed_twice(self) -> bool:
        return bool(self.second_by) and self.second_by != self.by


@dataclass
class _Plan:
    """The decisions of one moment, resolved: what is changed, waived, rejected, and what became of each decision."""

    changes: dict[int, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    waived: dict[tuple[int, str], tuple[str, str]] = field(default_factory=dict)
    rejections: dict[int, str] = field(default_factory=dict)
    withdrawn: str | None = None
    effects: list[dict] = field(default_factory=list)

    def note(self, decision: Decision, state: str, column: str | None = None, reported: str | None = None, used: str | None = None) -> None:
        self.effects.append({
            "decision_id": decision.decision_id, "row_no": decision.row_no, "check_id": decision.check_id, "column_name": column,
            "reported_value": reported, "used_value": used, "state": state,
        })


@dataclass
class Target:
    """A batch that decisions are about, as delivered.

    Attributes:
        table: what was read (None: no readable file); rows: typed, with evidence and estimate.
        cited: (row_no, check_id) -> severity and columns of the finding on the file as delivered.
        checks: the checks of the gate; what else a decision names is found on the current view.
    """

    batch: Batch
    verdict: Verdict
    source: Source
    table: HeaderedTable | None
    rows: pl.DataFrame
    cited: dict[tuple[int, str], tuple[str, str | None]]
    decisions: list[Decision]
    checks: frozenset[str] = frozenset()

    def contradicts(self, row_no: int, decision: Decision) -> bool:
        """True when a decision names a check of the gate that its row does not fail: the row number, or the check, is another one's."""
        return decision.check_id in self.checks and (row_no, decision.check_id) not in self.cited

    def moments(self) -> list[datetime]:
        """When the set of decisions in force may change, not before the batch was received."""
        found = {max(d.effective, self.batch.received) for d in self.decisions}
        ends = {datetime.combine(d.expires_on + timedelta(days=1), time()) for d in self.decisions if d.action == ACCEPT and d.expires_on}
        first = min(found)
        return sorted(found | {end for end in ends if end > first})


def apply_decisions(gate: Gate) -> int:
    """Make the versions of every batch of a source that decisions touch and that changed. Returns how many were made.

    A batch that cannot be judged again keeps what it has: it is tried again every night.
    """
    batches = gate.registry.batches()
    targets: list[tuple[Target, str]] = []
    for batch_id, decisions in sorted(_decisions_by_batch(gate.lake.decisions()).items()):
        batch, verdict = batches.get(batch_id), gate.verdicts.get(batch_id)
        if batch is None or verdict is None or batch.source != gate.source.name or (gate.source.bulk and verdict.rows_received > _LARGEST_BULK):
            continue
        mark = _mark(gate, decisions, verdict)
        if gate.registry.decided_mark(batch_id) != mark and (batch.problem_id or lost_copy(gate.settings, batch) is None):   # of a lost file the versions stand
            found = fenced(f"decisions on {gate.source.name}/{batch.file_name}", partial(_target, gate, batch, verdict, decisions))
            if not isinstance(found, Unreadable):
                targets.append((found, mark))
    make = partial(_make_versions, gate)
    if targets and isinstance(fenced(f"decisions on {len(targets)} batches of {gate.source.name}", partial(make, targets)), Unreadable):
        return sum(not isinstance(fenced(f"decisions on {t.batch.batch_id}", partial(make, [(t, mark)])), Unreadable) for t, mark in targets)
    return len(targets)


def _decisions_by_batch(rows: pl.DataFrame) -> dict[str, list[Decision]]:
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


def _target(gate: Gate, batch: Batch, verdict: Verdict, decisions: list[Decision]) -> Target:
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
    plans: list[tuple[Target, datetime, str, _Plan, Delivery]] = []
    for target, _ in targets:
        for moment in target.moments():
            in_force = known_by(target.decisions, moment)
            plan = resolve(target, in_force, moment, bounds)
            digest = repr([(d.decision_id, d.content_hash, d.expired(moment)) for d in in_force])
            version = hashlib.sha256(digest.encode()).hexdigest()[:12]
            plans.append((target, moment, version, plan, _delivery(target, plan, f"{target.batch.batch_id}@{len(plans)}")))
    judged = judge(gate.standard, [delivery for *_, delivery in plans])
    for target, mark in targets:
        mine = [(m, v, p, j) for (t, m, v, p, _), j in zip(plans, judged, strict=True) if t is target]
        _store(gate, target, mark, mine)


def known_by(decisions: list[Decision], moment: datetime) -> list[Decision]:
    """The decisions known at a moment, one a number: the latest delivery counts, two that contradict each other do not."""
    latest: dict[str, list[Decision]] = {}
    for decision in decisions:
        if decision.effective > moment:
            continue
        before = latest.get(decision.decision_id, [])
        rank = (not decision.is_synthetic, decision.received_at)
        if not before or rank > (not before[0].is_synthetic, before[0].received_at):
            latest[decision.decision_id] = [decision]
        elif rank == (not before[0].is_synthetic, before[0].received_at):
            before.append(decision)
    return sorted((found[0] for found in latest.values() if len({d.content_hash for d in found}) == 1), key=Decision.order)


def resolve(target: Target, in_force: list[Decision], moment: datetime, bounds: Bounds) -> _Plan:
    """Decide what each decision does: the latest by day and number wins, a withdrawn batch outweighs its rows."""
    plan = _Plan()
    usable = []
    for decision in in_force:
        if decision.is_synthetic and not target.batch.is_synthetic:
            plan.note(decision, "synthetic_on_real")
        elif decision.expired(moment):
            plan.note(decision, "expired")
        else:
            usable.append(decision)
    whole = [d for d in usable if d.row_no is None]
    for decision in whole[:-1]:
        plan.note(decision, "superseded")
    if whole:
        plan.withdrawn = whole[-1].decision_id if whole[-1].action == REJECT else None
        plan.note(whole[-1], "withdrawn" if plan.withdrawn else "reinstated")
    _resolve_rows(target, plan, [d for d in usable if d.row_no is not None], bounds)
    return plan


def _resolve_rows(target: Target, plan: _Plan, decisions: list[Decision], bounds: Bounds) -> None:
    rows = set(target.rows["row_no"]) if len(target.rows) else set()
    by_row: dict[int, list[Decision]] = defaultdict(list)
    for decision in decisions:
        if plan.withdrawn:
            plan.note(decision, "superseded")
        elif decision.row_no not in rows:
            plan.note(decision, "row_unknown")
        else:
            row_no = int(decision.row_no or 0)
            if decision.action != ACCEPT and target.contradicts(row_no, decision):
                plan.note(decision, "check_not_found")
            else:
                by_row[row_no].append(decision)
    for row_no, found in sorted(by_row.items()):
        _resolve_row(target, plan, row_no, found, bounds)


def _resolve_row(target: Target, plan: _Plan, row_no: int, found: list[Decision], bounds: Bounds) -> None:
    if found[-1].action == REJECT:
        for decision in found[:-1]:
            plan.note(decision, "superseded")
        plan.rejections[row_no] = found[-1].decision_id
        plan.note(found[-1], "withdrawn")
        return
    latest: dict[tuple[str, str], Decision] = {}
    since = max((i for i, d in enumerate(found) if d.action == REJECT), default=-1) + 1
    for decision in found[since:]:
        if decision.action == ACCEPT:   # an acceptance answers the check, whichever column was to be corrected
            latest = {subject: d for subject, d in latest.items() if subject[0] != decision.check_id}
        latest[decision.check_id, decision.column] = decision
    for decision in found:
        if latest.get((decision.check_id, decision.column)) is not decision:
            plan.note(decision, "superseded")
        elif decision.action == CORRECT:
            _correct(target, plan, row_no, decision)
        else:
            _accept(target, plan, row_no, decision, bounds)


def _correct(target: Target, plan: _Plan, row_no: int, decision: Decision) -> None:
    values = _new_values(target, row_no, decision)
    if not values:
        plan.note(decision, "column_unclear", used=decision.new_value)
    reported = target.rows.filter(pl.col("row_no") == row_no)
    for column, value in values.items():
        plan.changes[row_no][column] = value
        plan.note(decision, "corrected", column, reported[f"{column}__raw"][0], value)


def _new_values(target: Target, row_no: int, decision: Decision) -> dict[str, str]:
    """Column -> value: as named (`target_column`, or `column=value;...`), else the one column that the check cites on this row."""
    text = (decision.new_value or "").strip()
    names = header_names(target.source)
    if decision.column:
        column = names.get(code_key(decision.column))
        return {column: text} if column else {}
    parts = [part.partition("=") for part in text.replace("；", ";").replace("＝", "=").split(";")]
    if all(sep and code_key(name) in names for name, sep, _ in parts):
        return {names[code_key(name)]: value.strip() for name, _, value in parts}
    cited = {
        column for (row, check), (_, columns) in target.cited.items()
        if row == row_no and decision.check_id in ("", check) and columns for column in columns.split(";")
    }
    own = [c.name for c in target.source.columns if c.name in cited]
    return {own[0]: text} if len(own) == 1 else {}


def _accept(target: Target, plan: _Plan, row_no: int, decision: Decision, bounds: Bounds) -> None:
    found = {check: severity for (row, check), (severity, _) in target.cited.items() if row == row_no}
    checks = [decision.check_id] if decision.check_id else sorted(check for check in found if bounds.may_waive(check))
    if not found and not decision.check_id:   # nothing of the gate on this row: the decision is about findings on the current view
        plan.note(decision, "accepted")
        return
    if not checks or not all(bounds.may_waive(check) or found.get(check) == "info" for check in checks):
        plan.note(decision, "not_waivable")
        return
    estimate = target.rows.filter(pl.col("row_no") == row_no)["estimate_tco2e"][0]
    held = any(found.get(check) == "warning" for check in checks)
    if held and not decision.signed_twice() and (estimate is None or estimate > bounds.second_signature_above):
        plan.note(decision, "second_signature_missing")
        return
    until = f"至 {decision.expires_on}" if decision.expires_on else "长期"
    until_en = f"until {decision.expires_on}" if decision.expires_on else "without end"
    for check in checks:
        plan.waived[row_no, check] = (f"经决定 {decision.decision_id} 按原值接受（{until}）", f"accepted as it is by decision {decision.decision_id} ({until_en})")
    plan.note(decision, "accepted")


def _delivery(target: Target, plan: _Plan, name: str) -> Delivery:
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


def _store(gate: Gate, target: Target, mark: str, judged: list[tuple[datetime, str, _Plan, Judgement[InMemory]]]) -> None:
    """Write the versions of one batch: files first, the registry last."""
    batch_id, source = target.batch.batch_id, target.source
    base = _rows_of(gate.lake.accepted_rows(source, batch_id))
    versions: list[Version] = []
    effects: dict[str, list[dict]] = {}
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
