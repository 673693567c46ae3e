"""Faults that others made: small deliveries as offices send them, each with its right answer, judged and counted in one night.

The deliveries lie in `offices/<id>/<source>/`, the answer in `offices/<id>/right.yml` (all data invented):
    kind, zh, en: the habit;
    outcome: file -> outcome and rows accepted of rows received;
    read: file -> row -> columns as the contract's lake holds them; counted: file -> item -> [quantity, unit] of its lines in the ledger;
    held: file -> rows that must not count; told: file -> findings that must be there;
    may_hold: true where holding the rows instead of reading them is right as well.
"""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.contracts.source import load_sources
from pipelines.night import Night
from pipelines.score.card import Bar
from pipelines.score.night import judged_and_built, measured
from pipelines.warehouse.duck import connect
from pipelines.yaml_text import load_yaml

CASES = Path(__file__).parent / "offices"
KNOWN_ON = date(2026, 1, 20)
_MODELS = ("failed_row", "batch", "fct_enterprise_emission_line")
_SETTLED = 3600   # seconds since the files were changed, as the night wants it
RIGHT, HELD, WRONG, REFUSED = "right", "held", "silently_wrong", "needlessly_refused"


@dataclass(frozen=True)
class Case:
    """One habit of an office: its deliveries and what is right."""

    name: str
    kind: str
    zh: str
    en: str
    folder: Path
    right: dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What became of a case: right (read, or told), held with the reason, silently wrong, or needlessly refused; `why` in words of the check."""

    case: Case
    result: str
    why: tuple[str, ...] = ()


@dataclass
class _Seen:
    """What one night left of all cases, by file (`source/name`)."""

    outcome: dict[str, str] = field(default_factory=dict)
    rows: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    held: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    told: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    counted: dict[str, dict[str, tuple[float, str]]] = field(default_factory=lambda: defaultdict(dict))


def load_cases(folder: Path = CASES) -> list[Case]:
    """All cases in the order of their names."""
    cases = []
    for path in sorted(folder.glob("*/right.yml")):
        right = load_yaml(path.read_text("utf-8"))
        cases.append(Case(path.parent.name, right.pop("kind"), right.pop("zh"), right.pop("en"), path.parent, right))
    return cases


def run_offices(cases: list[Case], folder: Path) -> list[Outcome]:
    """Judge and count all cases in one night below `folder`: their enterprises are different ones, so that none disturbs another."""
    inbox = folder / "inbox"
    for case in cases:
        for path in sorted(case.folder.glob("*/*")):
            target = inbox / path.parent.name / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                raise ValueError(f"{path} and another case have one name")
            shutil.copyfile(path, target)
            status = path.stat()
            os.utime(target, (status.st_atime - _SETTLED, status.st_mtime - _SETTLED))
    with judged_and_built(measured(folder, KNOWN_ON), _MODELS) as night:
        seen = _seen(night)
    return [_compare(case, seen) for case in cases]


def office_bars(outcomes: Iterable[Outcome]) -> list[Bar]:
    """Nothing silently wrong, nothing needlessly refused."""
    results = [outcome.result for outcome in outcomes]
    return [
        Bar("没有一份悄悄读错", "none is silently wrong", str(results.count(WRONG)), WRONG not in results),
        Bar("没有一份不必要地退回", "none is needlessly refused", str(results.count(REFUSED)), REFUSED not in results),
    ]


def _seen(night: Night) -> _Seen:
    seen = _Seen()
    for judged in night.judged:
        batch = judged.batch
        if batch.is_published:
            continue
        name = f"{batch.source}/{batch.file_name}"
        seen.outcome[name] = f"{judged.outcome} {judged.rows_accepted}/{judged.rows_received}"
        source = load_sources()[batch.source]
        accepted = night.lake.accepted_rows(source, batch.batch_id) if judged.rows_accepted else None
        seen.rows[name] = {} if accepted is None else {row["row_no"]: row for row in accepted.iter_rows(named=True)}
    with connect(night.database, read_only=True) as db:
        for name, row, check, severity in db.execute("select source || '/' || file_name, row_no, check_id, severity from quality.failed_row").fetchall():
            seen.told[name].add(check)
            if severity == "warning":
                seen.held[name].add(row)
        for name, item, quantity, unit in db.execute("""
            select b.source || '/' || b.file_name, l.item, sum(l.activity_quantity), min(l.activity_unit)
            from marts.fct_enterprise_emission_line as l
            inner join quality.batch as b on b.batch_id = l.batch_id
            where l.gas = 'CO2' and coalesce(l.electricity_view, 'location') = 'location'
            group by all""").fetchall():
            seen.counted[name][item] = (quantity, unit)
    return seen


def _compare(case: Case, seen: _Seen) -> Outcome:
    """Hold what a night left of a case against its right answer."""
    right, found = case.right, _Found(case.right.get("may_hold", False))
    for file, rows in right.get("read", {}).items():
        found.read(file, rows, seen)
    for file, items in right.get("counted", {}).items():
        found.count(file, items, seen)
    for file, numbers in right.get("held", {}).items():
        found.wrong += [f"{file} row {number}: counts, and is to be held" for number in numbers if number in seen.rows.get(file, {})]
        found.wrong += [] if seen.told[file] else [f"{file}: no word on why it is held"]
        found.held += [f"{file} row {number}" for number in numbers]
    for file, checks in right.get("told", {}).items():
        found.wrong += [f"{file}: no word of {check}" for check in checks if check not in seen.told[file]]
    if not (found.wrong or found.refused or found.held):
        found.refused += [f"{file}: {seen.outcome.get(file)}, right is {outcome}" for file, outcome in right.get("outcome", {}).items() if seen.outcome.get(file) != outcome]
    return found.outcome(case)


@dataclass
class _Found:
    """What was found of one case, in words; `may_hold`: holding what could be read is right as well."""

    may_hold: bool
    wrong: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)

    def read(self, file: str, rows: dict[int, dict[str, Any]], seen: _Seen) -> None:
        """Rows as the lake holds them."""
        for number, wanted in rows.items():
            row = seen.rows.get(file, {}).get(number)
            if row is None:
                self._missing(f"{file} row {number}: not accepted", held=bool(seen.told[file]))
            else:
                self.wrong += [f"{file} row {number}: {name} is {row[name]}, right is {value}" for name, value in wanted.items() if not _same(row[name], value)]

    def count(self, file: str, items: dict[str, list[Any]], seen: _Seen) -> None:
        """Lines of the ledger, by item; no others may be there."""
        for item, (quantity, unit) in items.items():
            counted = seen.counted[file].get(item)
            if counted is None:
                self._missing(f"{file}: {item} does not count", held=bool(seen.held[file]))
            elif not (_same(counted[0], quantity) and counted[1] == unit):
                self.wrong.append(f"{file}: {item} counts {counted[0]} {counted[1]}, right is {quantity} {unit}")
        self.wrong += [f"{file}: {item} counts" for item in sorted(seen.counted[file].keys() - items.keys())]

    def _missing(self, what: str, *, held: bool) -> None:
        (self.held if self.may_hold and held else self.refused).append(what)

    def outcome(self, case: Case) -> Outcome:
        """Silently wrong comes before needlessly refused, that before held."""
        if self.wrong:
            return Outcome(case, WRONG, tuple(self.wrong))
        return Outcome(case, REFUSED, tuple(self.refused)) if self.refused else Outcome(case, HELD if self.held else RIGHT, tuple(self.held))


def _same(found: object, right: object) -> bool:
    """Whether a value is the right one: numbers to nine digits, other values by their text."""
    if isinstance(right, (int, float)) and not isinstance(right, bool) and isinstance(found, (int, float)):
        return abs(found - right) <= 1e-9 * max(abs(found), abs(right))
    return str("" if found is None else found) == str("" if right is None else right)
