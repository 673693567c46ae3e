"""The arithmetic of the scoreboard: which finding answers which planted fault, and what the faults that nothing answers cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from pipelines.demo.faults import Planted
from pipelines.demo.kinds import FaultKind

CATCHERS = ("reader", "gate", "dbt_test", "current_view", "triangulation", "normalised")
_TRIANGULATION = "triangulation"
LARGE = 0.001  # of a prefecture's month
# the reader tells what it puts right as a note
_NOTE = "N"
# rules that look at a year: their finding may stand at any month of the fault's year
_YEARLY = ("P01", "R01", "R03", "R04", "R11", "R43-identical", "R55", "R60", "R62-first", "R62-identical", "R62-last", "R74", "R80", "R81", "R82")


@dataclass(frozen=True)
class Finding:
    """One finding of a release. `period` is YYYY-MM or empty; `row_no` 0 means the whole file."""

    file: str
    row_no: int
    check_id: str
    uscc: str = ""
    period: str = ""


@dataclass(frozen=True)
class Evidence:
    """What a night over a province left behind.

    Attributes:
        findings: every finding; refused: files that did not enter; direct: (enterprise, month, prefecture) -> direct emission, tCO2e;
        disagreeing: (enterprise, month) where independent sources disagree; enterprise_years: accounts by year.
    """

    findings: frozenset[Finding]
    refused: frozenset[str]
    direct: dict[tuple[str, str, str], Decimal]
    disagreeing: frozenset[tuple[str, str]] = frozenset()
    enterprise_years: int = 0


@dataclass
class Fault:
    """One planted fault (its rows taken together) and what came of it."""

    kind: FaultKind
    file: str
    uscc: str
    period: str
    rows: frozenset[int]
    caught: dict[str, str] = field(default_factory=dict)  # rule -> catcher
    missed_tco2e: Decimal = Decimal(0)
    missed_share: float = 0.0  # of its prefecture's month, the largest

    @property
    def silent(self) -> bool:
        """Nothing told it, and something should have."""
        return not self.caught and self.kind.outcome == "caught"


@dataclass
class RuleScore:
    """One rule: findings on planted rows, findings that follow from a fault elsewhere, findings that stand without any."""

    check_id: str
    planted: int = 0
    following: int = 0
    false: int = 0
    expected: int = 0
    told: int = 0
    missed_tco2e: Decimal = Decimal(0)

    @property
    def precision(self) -> float | None:
        total = self.planted + self.following + self.false
        return (self.planted + self.following) / total if total else None

    @property
    def recall(self) -> float | None:
        return self.told / self.expected if self.expected else None


@dataclass
class Scoreboard:
    """Rules and faults of one seed."""

    rules: dict[str, RuleScore]
    faults: list[Fault]
    unplanted: Counter[str]

    @property
    def recall(self) -> float:
        """Share of the faults that can be caught and were, by whatever rule."""
        due = [fault for fault in self.faults if fault.kind.outcome == "caught"]
        return sum(1 for fault in due if fault.caught) / len(due) if due else 1.0

    def above(self, share: float) -> list[Fault]:
        """Faults that nothing told though something should have, above that share of a prefecture's month."""
        return [fault for fault in self.faults if fault.silent and fault.missed_share > share]


def score(
    kinds: dict[str, FaultKind], planted: Iterable[Planted], unplanted: Iterable[str], clean: Evidence, faulty: Evidence, rules: frozenset[str],
    current_view: frozenset[str],
) -> Scoreboard:
    """Compare the province with faults to the same one without.

    Args:
        rules: every rule that can tell something; current_view: those of them that look at the current view.
    """
    faults = _together(kinds, planted)
    new = faulty.findings - clean.findings
    disagreeing = faulty.disagreeing - clean.disagreeing
    for fault in faults:
        fault.caught = _caught(fault, new, faulty.refused - clean.refused, disagreeing, rules, current_view)
    known = {(fault.uscc, fault.period) for fault in faults if fault.caught}
    totals = _by_prefecture(clean.direct)
    for fault in faults:
        if not fault.caught:
            fault.missed_tco2e, fault.missed_share = _missed(fault, clean.direct, faulty.direct, known, totals)
    return Scoreboard(_rule_scores(faults, faulty.findings, new, rules), faults, Counter(unplanted))


def _together(kinds: dict[str, FaultKind], planted: Iterable[Planted]) -> list[Fault]:
    rows: dict[tuple[str, str, str, str, int], set[int]] = defaultdict(set)
    for item in planted:
        alone = item.row_no if item.row_no and not item.uscc else 0  # rows of no enterprise are faults of their own
        rows[item.kind, item.file, item.uscc, item.period, alone] |= {item.row_no} if item.row_no else set()
    return [Fault(kinds[kind], file, uscc, period, frozenset(found)) for (kind, file, uscc, period, _), found in sorted(rows.items())]


def _caught(
    fault: Fault, new: frozenset[Finding], refused: frozenset[str], disagreeing: frozenset[tuple[str, str]], rules: frozenset[str],
    current_view: frozenset[str],
) -> dict[str, str]:
    told: dict[str, str] = {}
    named = {*fault.kind.rules, *fault.kind.also}
    for finding in sorted(new, key=lambda f: (f.check_id, f.file, f.row_no)):
        at_home = finding.row_no in fault.rows if fault.rows else not fault.uscc and finding.check_id not in current_view
        at_home |= finding.row_no == 0 and finding.check_id in named  # a rule on the whole delivery
        if (finding.file == fault.file and at_home) or (finding.check_id in named and _follows(fault, finding)):
            told[finding.check_id] = _catcher(finding.check_id, rules, current_view)
    if not fault.uscc and fault.file in refused and not told:
        told["refused"] = "reader"
    if _TRIANGULATION in named and fault.uscc and (fault.uscc, fault.period) in disagreeing:
        told[_TRIANGULATION] = _TRIANGULATION
    if fault.kind.outcome == "caught":  # what was only put right was not told to be wrong
        told = {check: catcher for check, catcher in told.items() if catcher != "normalised" or check in named}
    return told


def _follows(fault: Fault, finding: Finding) -> bool:
    """A finding on another row of the same enterprise that the fault brings about."""
    if not fault.uscc or finding.uscc != fault.uscc:
        return False
    if not fault.period or not finding.period:
        return True
    if finding.check_id.startswith(_YEARLY):
        return finding.period[:4] == fault.period[:4] or finding.period[:4] == str(int(fault.period[:4]) + 1)
    return finding.period in (fault.period, next_month(fault.period))


def next_month(period: str) -> str:
    """YYYY-MM of the month after."""
    year, month = int(period[:4]), int(period[5:7])
    return f"{year + month // 12}-{month % 12 + 1:02d}"


def _catcher(check_id: str, rules: frozenset[str], current_view: frozenset[str]) -> str:
    if check_id in current_view or check_id.startswith(("conflicting", "D01")):
        return "current_view"
    if check_id.startswith(_NOTE):
        return "normalised"
    return "gate" if check_id in rules else "reader"


def _by_prefecture(direct: dict[tuple[str, str, str], Decimal]) -> dict[tuple[str, str], Decimal]:
    totals: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for (_, month, prefecture), tonnes in direct.items():
        totals[month, prefecture] += tonnes
    return totals


def _missed(
    fault: Fault, clean: dict[tuple[str, str, str], Decimal], faulty: dict[tuple[str, str, str], Decimal], known: set[tuple[str, str]],
    totals: dict[tuple[str, str], Decimal],
) -> tuple[Decimal, float]:
    """Tonnes that the faulty release states differently (or for another prefecture) in months without a fault that was told."""
    more: dict[str, Decimal] = defaultdict(Decimal)
    less: dict[str, Decimal] = defaultdict(Decimal)
    largest = 0.0
    for key in sorted({key for key in {**clean, **faulty} if key[0] == fault.uscc and fault.period in ("", key[1])}):
        _, month, prefecture = key
        if (fault.uscc, month) in known:
            continue
        gap = faulty.get(key, Decimal(0)) - clean.get(key, Decimal(0))
        more[month] += max(gap, Decimal(0))
        less[month] += max(-gap, Decimal(0))
        total = totals.get((month, prefecture), Decimal(0))
        if gap and total:
            largest = max(largest, float(abs(gap) / total))
    return sum((max(more[month], less[month]) for month in more), Decimal(0)), largest


def _rule_scores(faults: list[Fault], findings: frozenset[Finding], new: frozenset[Finding], rules: frozenset[str]) -> dict[str, RuleScore]:
    named = {rule for fault in faults for rule in fault.kind.rules}
    scores = {rule: RuleScore(rule) for rule in sorted(rules | named | {f.check_id for f in findings if not f.check_id.startswith(_NOTE)})}
    on_rows = {(fault.file, row) for fault in faults for row in fault.rows}
    on_files = {fault.file for fault in faults if not fault.uscc and not fault.rows}
    touched = {fault.uscc for fault in faults}
    for finding in findings:
        if finding.check_id.startswith(_NOTE) and finding.check_id not in named:
            continue
        entry = scores[finding.check_id]
        if (finding.file, finding.row_no) in on_rows or finding.file in on_files:
            entry.planted += 1
        elif finding in new and (not finding.uscc or finding.uscc in touched):
            entry.following += 1
        elif not finding.check_id.startswith(_NOTE):
            entry.false += 1
    for fault in faults:
        for rule in fault.kind.rules:
            scores[rule].expected += 1
            scores[rule].told += rule in fault.caught
            scores[rule].missed_tco2e += fault.missed_tco2e
    return scores


def false_alarms(clean: Iterable[Evidence]) -> Counter[str]:
    """Findings of clean provinces by rule; notes of what was put right are none."""
    return Counter(f.check_id for evidence in clean for f in evidence.findings if not f.check_id.startswith(_NOTE))


@dataclass(frozen=True)
class Bar:
    """Something that the gates have to reach, what was measured, and whether it does."""

    zh: str
    en: str
    measured: str
    met: bool


def bars(board: Scoreboard, clean: Iterable[Evidence], classes: dict[str, str]) -> list[Bar]:
    """Recall, tonnes missed, false alarms of exact and of statistical rules. Statistical rates below 1000 enterprise-years prove nothing."""
    clean = list(clean)
    alarms, years = false_alarms(clean), sum(evidence.enterprise_years for evidence in clean)
    above = board.above(LARGE)
    chance = {rule: count for rule, count in alarms.items() if classes.get(rule) == "statistical"}
    certain = sum(alarms.values()) - sum(chance.values())
    worst = max(chance.values(), default=0)
    return [
        Bar("召回率不低于 99 %", "recall of 99 % at least", f"{board.recall:.2%}", board.recall >= 0.99),
        Bar("超过市州月排放 0.1 % 的故障无一漏掉（列名的不可发现种类除外）",
            "no fault above 0.1 % of a prefecture's month is missed, outside the kinds named as not catchable",
            f"{len(above)}, {sum((fault.missed_tco2e for fault in above), Decimal(0)):,.0f} tCO2e", not above),
        Bar("无故障演示省：代码、键、恒等、范围类规则无提示", "clean provinces: nothing from code, key, identity and range rules",
            str(certain), certain == 0),
        Bar("无故障演示省：每条统计规则每千企业年至多 1 次，且不少于 1000 企业年",
            "clean provinces: each statistical rule at most once in 1000 enterprise-years, of which there are 1000 at least",
            f"{worst} / {years}", years >= 1000 and 1000 * worst <= years),
    ]
