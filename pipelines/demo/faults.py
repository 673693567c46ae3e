"""Planted faults with labels: which kinds, how many, and in which rows (or files) just before they are written.

`faults.csv` lists what was planted: file, row_no as contracts.md counts it, canonical column, kind. A fault of a file has no row.
Rows are chosen among the smaller half of the enterprises, so the province keeps its totals.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipelines.demo.files import Delivery, Layout
from pipelines.demo.kinds import DROPPING, FILE_FAULTS, FaultKind, load_kinds
from pipelines.demo.series import positions
from pipelines.demo.target import Marks, Target, row_key
from pipelines.yaml_text import load_yaml

DEFAULT_FAULTS: dict[str, int] = {
    "power_of_ten": 2,
    "negative_quantity": 2,
    "check_digit": 1,
    "unknown_enterprise": 1,
    "unknown_fuel": 1,
    "unknown_unit": 2,
    "future_month": 1,
    "duplicate_key_conflict": 1,
    "duplicate_row": 1,
    "broken_stock_balance": 2,
    "oxidation_as_fraction": 1,
    "carbon_unit_slip": 1,
    "parent_with_child": 1,
    "wrong_division_code": 1,
    "non_numeric": 2,
    "missing_required": 2,
    "empty_file": 1,
    "truncated_xlsx": 1,
    "wrong_columns": 1,
}


@dataclass(frozen=True)
class Planted:
    """One line of faults.csv; `row_no` and `column` are empty for a fault of the whole file.

    `uscc` and `period` (YYYY-MM; empty: every month) say whose figures it touches; they do not stand in faults.csv.
    """

    file: str
    row_no: int | None
    column: str
    kind: str
    uscc: str = ""
    period: str = ""


_AGAIN = "_再报"
ADDED = ("_补报", "_重报", "_台账", "_合并", "_补发", "_空白", "_重复", _AGAIN)  # ends of the names of faulty files that come in addition
_EACH = 2  # how many of each kind `all` plants


def read_faults(faults: Path | str | None) -> dict[str, int]:
    """How many of each kind: `none` (or None) nothing, `default` the built-in handful, `all` some of each kind, else a CSV or YAML file of kind and count.

    Raises ValueError on an unknown kind or a count that is no whole number, OSError when the file cannot be read.
    """
    if faults is None or str(faults) == "none":
        return {}
    if str(faults) == "default":
        return dict(DEFAULT_FAULTS)
    if str(faults) == "all":
        return dict.fromkeys(load_kinds(), _EACH)
    path = Path(faults)
    text = path.read_text("utf-8-sig")
    counts: dict[str, int] = {}
    for kind, count in _listed(path, text):
        if kind not in load_kinds():
            raise ValueError(f"{path}: unknown fault {kind!r}; known are {', '.join(sorted(load_kinds()))}")
        if not str(count).strip().isdigit():
            raise ValueError(f"{path}: the count of {kind} is no whole number: {count!r}")
        counts[kind] = counts.get(kind, 0) + int(str(count))
    return counts


def _listed(path: Path, text: str) -> list[tuple[str, object]]:
    if path.suffix.lower() not in (".yml", ".yaml"):
        rows = csv.DictReader(io.StringIO(text))
        if not {"kind", "count"} <= set(rows.fieldnames or ()):
            raise ValueError(f"{path}: the header must hold kind and count")
        return [((row["kind"] or "").strip(), row["count"] or "") for row in rows if (row["kind"] or "").strip()]
    raw = load_yaml(text) or {}
    if isinstance(raw, dict):
        return list(raw.items())
    if isinstance(raw, list) and all(isinstance(entry, dict) and "kind" in entry for entry in raw):
        return [(entry["kind"], entry.get("count", 1)) for entry in raw]
    raise ValueError(f"{path}: expected a mapping of kind to count, or a list of kind and count")


@dataclass
class _Lasting:
    """A change that goes on in the months to come: the row's key without its period, and how many months are left."""

    kind: FaultKind
    key: tuple[str, ...]
    code: str
    frozen: dict[str, str]
    left: int


class Planter:
    """Spreads the faults over the deliveries of a run, in the order in which they are written."""

    def __init__(
        self, counts: dict[str, int], seed: int, last_month: str, candidates: frozenset[str], deliveries: dict[str, int]
    ) -> None:
        """`candidates` are credit codes whose rows may be spoiled; `deliveries` the number of files per source."""
        self.rng = np.random.default_rng([seed, 0, 2])
        self.seed = seed
        self.last_month = last_month
        self.candidates = candidates
        self.planted: list[Planted] = []
        self.seen: dict[str, int] = dict.fromkeys(deliveries, 0)
        self.apart = not counts.keys() <= DEFAULT_FAULTS.keys()
        self.taken: set[tuple[str, str]] = set()
        self.earlier: dict[tuple[str, ...], list[str]] = {}
        self.twins: dict[str, str] = {}
        self.lasting: list[_Lasting] = []
        self.waiting: list[tuple[str, str, int]] = []  # (kind, source, first delivery of the source that may carry it)
        for first, kind in enumerate(sorted(counts)):
            for copy in range(counts[kind]):
                sources = tuple(source for source in load_kinds()[kind].sources if deliveries.get(source))
                if not sources:
                    self.waiting.append((kind, "", 0))
                    continue
                source = sources[(first + copy) % len(sources)]
                begin = int(self.rng.integers(*self._spread(deliveries[source])))
                self.waiting.append((kind, source, 0 if load_kinds()[kind].from_the_start else begin))

    def _spread(self, deliveries: int) -> tuple[int, int]:
        """First and last (exclusive) delivery to begin with: the handful stands in the last ones, as a night finds it; many need all of them."""
        first = 0 if self.apart else deliveries * 3 // 4
        return first, max(first + 1, deliveries * 9 // 10 if first else deliveries * 4 // 5)

    def plant(self, delivery: Delivery) -> list[Delivery]:
        """Spoil rows of a delivery in place; returns the faulty files that come in addition."""
        position = self.seen.get(delivery.source, 0)
        self.seen[delivery.source] = position + 1
        due = [entry for entry in self.waiting if entry[1] == delivery.source and entry[2] <= position]
        before = {row_key(delivery.source, row): row.copy() for row in delivery.rows} if self.apart else {}
        going_on = [entry for entry in self.lasting if entry.key[0] == delivery.source]
        target = self._target(delivery)
        extra: list[Delivery] = []
        for entry in sorted(due, key=lambda entry: entry[0] not in DROPPING):
            if self._plant(load_kinds()[entry[0]], target, extra):
                self.waiting.remove(entry)
        for lasting in going_on:
            self._go_on(lasting, target)
        self.earlier.update(before)
        return extra

    def _target(self, delivery: Delivery) -> Target:
        return Target(
            delivery, [], self.rng, self.seed, self.last_month, taken=self.taken, apart=self.apart, earlier=self.earlier, twins=self.twins
        )

    def _plant(self, kind: FaultKind, target: Target, extra: list[Delivery]) -> bool:
        """Plant one fault of the kind; False when nothing of the delivery fits."""
        delivery = target.delivery
        if kind.kind in FILE_FAULTS:
            spoiled = _later(FILE_FAULTS[kind.kind](delivery), len(extra) + 1)
            if any(other.path == spoiled.path for other in extra):
                return False
            extra.append(spoiled)
            self.planted.append(Planted(spoiled.path, None, "", kind.kind))
            return True
        place = positions(delivery.source).get("uscc")
        target.candidates = [
            i for i, row in enumerate(delivery.rows) if kind.scope == "any" or (place is not None and row[place] in self.candidates)
        ]
        if kind.again is not None:
            return self._again(kind, target, extra)
        marks = kind.spoil(target)
        if marks and kind.lasting > 1:
            index = marks[0][0]
            assert index is not None
            frozen = {column: target.cell(index, column) for column in kind.freeze}
            self.lasting.append(_Lasting(kind, row_key(delivery.source, delivery.rows[index]), target.subject[0], frozen, kind.lasting - 1))
            self.taken.add((target.subject[0], "*"))
        elif marks:
            self._label(kind, target, marks)
        return bool(marks)

    def _again(self, kind: FaultKind, target: Target, extra: list[Delivery]) -> bool:
        """The changed copy of a row in a file of its own, received later."""
        delivery = target.delivery
        name = f"{delivery.name}{_AGAIN}"
        index = None if any(other.name == name for other in extra) else target.pick(lambda i: kind.fits(target, i))
        if index is None:
            return False
        later = replace(_later(delivery, kind.again or 0), name=name, rows=[delivery.rows[index].copy()], layout=Layout(encoding="gb18030"))
        copy = self._target(later)
        copy.subject, copy.peers = target.subject, delivery.rows
        kind.change(copy, 0)
        extra.append(later)
        self._label(kind, copy, [(0, kind.column)])
        return True

    def _go_on(self, lasting: _Lasting, target: Target) -> None:
        """Change the same row of a later month; the last one bears the label."""
        index = next((i for i, row in enumerate(target.delivery.rows) if row_key(target.delivery.source, row) == lasting.key), None)
        if index is None or not lasting.left:
            return
        for column, text in lasting.frozen.items():
            target.set(index, column, text)
        lasting.kind.change_rows(target, index)
        target.subject = target.owner(index)
        lasting.left -= 1
        if not lasting.left:
            self._label(lasting.kind, target, [(index, lasting.kind.column)])
            self.lasting.remove(lasting)

    def _label(self, kind: FaultKind, target: Target, marks: Marks) -> None:
        delivery = target.delivery
        code, month = target.subject if "uscc" in positions(delivery.source) else ("", "")
        self.planted += [
            Planted(
                delivery.path, None if index is None else delivery.row_no(index), column, kind.kind, code, month if month[:4].isdigit() else ""
            )
            for index, column in marks
        ]

    @property
    def unplanted(self) -> list[str]:
        """Kinds for which no fitting row was left."""
        return [kind for kind, _, _ in self.waiting] + [lasting.kind.kind for lasting in self.lasting]


def _later(delivery: Delivery, hours: int) -> Delivery:
    return replace(delivery, received_at=delivery.received_at + dt.timedelta(hours=hours))


def faults_csv(planted: list[Planted]) -> str:
    """The text of faults.csv."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["file", "row_no", "column", "kind"])
    for fault in sorted(planted, key=lambda f: (f.file, f.row_no or 0, f.column, f.kind)):
        writer.writerow([fault.file, "" if fault.row_no is None else fault.row_no, fault.column, fault.kind])
    return buffer.getvalue()
