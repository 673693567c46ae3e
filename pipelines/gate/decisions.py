"""What the steward's decisions on a batch come to at a moment: which are in force, what each of them changes, waives or takes out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl

from pipelines.contracts.decisions import Bounds
from pipelines.contracts.source import Source
from pipelines.contracts.text import code_key
from pipelines.ingest.header import header_names
from pipelines.ingest.table import HeaderedTable
from pipelines.warehouse.records import Batch, Verdict

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
class Plan:
    """The decisions of one moment, resolved: what is changed, waived, rejected, and what became of each decision."""

    changes: dict[int, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    waived: dict[tuple[int, str], tuple[str, str]] = field(default_factory=dict)
    rejections: dict[int, str] = field(default_factory=dict)
    withdrawn: str | None = None
    effects: list[dict[str, Any]] = field(default_factory=list)

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


def resolve(target: Target, in_force: list[Decision], moment: datetime, bounds: Bounds) -> Plan:
    """Decide what each decision does: the latest by day and number wins, a withdrawn batch outweighs its rows."""
    plan = Plan()
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


def _resolve_rows(target: Target, plan: Plan, decisions: list[Decision], bounds: Bounds) -> None:
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


def _resolve_row(target: Target, plan: Plan, row_no: int, found: list[Decision], bounds: Bounds) -> None:
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
    corrections = []
    for decision in found:
        if latest.get((decision.check_id, decision.column)) is not decision:
            plan.note(decision, "superseded")
        elif decision.action == CORRECT:
            corrections.append(decision)
        else:
            _accept(target, plan, row_no, decision, bounds)
    if corrections:
        _correct(target, plan, row_no, corrections)


def _correct(target: Target, plan: Plan, row_no: int, decisions: list[Decision]) -> None:
    """The corrections of one row, in their order: of a column the last counts, whichever check it answers and however it names the column.

    One that says the same as the last is used too: a sheet has a line for each check, and an enterprise fills in all of them.
    """
    values = {decision.decision_id: _new_values(target, row_no, decision) for decision in decisions}
    used = {column: value for decision in decisions for column, value in values[decision.decision_id].items()}
    if used:
        plan.changes[row_no].update(used)
    reported = target.rows.filter(pl.col("row_no") == row_no)
    for decision in decisions:
        mine = values[decision.decision_id]
        stands = [column for column, value in mine.items() if used[column] == value]
        if not mine:
            plan.note(decision, "column_unclear", used=decision.new_value)
        elif not stands:
            plan.note(decision, "superseded")
        for column in stands:
            plan.note(decision, "corrected", column, reported[f"{column}__raw"][0], mine[column])


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


def _accept(target: Target, plan: Plan, row_no: int, decision: Decision, bounds: Bounds) -> None:
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
