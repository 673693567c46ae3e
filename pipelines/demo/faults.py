"""Planted faults with labels: each kind is a small function that spoils one row (or file) just before it is written.

`faults.csv` lists what was planted: file, row_no as contracts.md counts it, canonical column, kind. A fault of a file has no row.
Rows are chosen among the smaller half of the enterprises, so the province keeps its totals.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np
import yaml

from pipelines.contracts.credit_code import ALPHABET
from pipelines.demo import spoil as more
from pipelines.demo.credit_code import synthetic_code
from pipelines.demo.files import Delivery, Layout
from pipelines.demo.series import positions
from pipelines.demo.target import Marks, Target, positive, quantity_column, row_key, spoil

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


def power_of_ten(target: Target) -> Marks:
    """A calorific value in kJ/kg under the unit GJ/t."""
    in_gj = positive(target, "ncv")

    def accept(index: int) -> bool:  # not a gas: there a factor of 1000 is no slip between two units in use
        return in_gj(index) and target.cell(index, "ncv_unit") in ("", "GJ/t") and target.number(index, "ncv") < 100

    return spoil(target, "ncv", lambda text: f"{Decimal(text) * 1000:f}", accept)


def negative_quantity(target: Target) -> Marks:
    """A quantity with a minus sign."""
    column = quantity_column(target)
    return spoil(target, column, lambda text: f"-{text}", positive(target, column))


def check_digit(target: Target) -> Marks:
    """A credit code with another check digit."""
    return spoil(
        target, "uscc", lambda code: code[:17] + ALPHABET[(ALPHABET.index(code[17]) + 7) % 31], lambda i: True
    )


def unknown_enterprise(target: Target) -> Marks:
    """A valid credit code that the register does not hold."""
    return spoil(
        target,
        "uscc",
        lambda code: synthetic_code(code[2:8], target.seed, 99_000 + int(target.rng.integers(900))),
        lambda i: True,
    )


def unknown_fuel(target: Target) -> Marks:
    """A fuel name outside the form."""
    return spoil(target, "energy", lambda text: "优质混配燃料", lambda i: True)


def unknown_unit(target: Target) -> Marks:
    """A unit that is none."""
    return spoil(target, "unit", lambda text: "车皮", lambda i: True)


def future_month(target: Target) -> Marks:
    """A month that has not come yet, for any knowledge date of this decade."""
    year = str(int(target.last_month[:4]) + 10)
    return spoil(target, "period", lambda text: year + text[4:], lambda i: True)


def duplicate_key_conflict(target: Target) -> Marks:
    """One key twice with different values: both rows are in conflict."""
    column = quantity_column(target)
    index = target.pick(positive(target, column))
    if index is None:
        return []
    twin = target.append(target.delivery.rows[index].copy())
    value = target.number(index, column)
    target.set(twin, column, f"{value + max(Decimal(1), value // 20):f}")
    if column == "consumed":  # the twin balances too: only the conflict is planted
        target.set(twin, "purchased", f"{target.number(twin, 'purchased') + target.number(twin, column) - value:f}")
    return [(index, column), (twin, column)]


def duplicate_row(target: Target) -> Marks:
    """The same row twice."""
    index = target.pick()
    return [] if index is None else [(target.append(target.delivery.rows[index].copy()), "uscc")]


def broken_stock_balance(target: Target) -> Marks:
    """Use that the stocks and purchases do not bear out, by a quarter."""
    above = positive(target, "consumed")
    return spoil(
        target,
        "consumed",
        lambda text: f"{Decimal(text) * Decimal('1.25'):f}",
        lambda i: above(i) and bool(target.cell(i, "opening_stock")),
    )


def oxidation_as_fraction(target: Target) -> Marks:
    """An oxidation rate as a fraction in a column of percent."""
    return spoil(
        target, "oxidation_rate", lambda text: f"{Decimal(text) / 100:f}", positive(target, "oxidation_rate")
    )


def carbon_unit_slip(target: Target) -> Marks:
    """A carbon content in tC/TJ under the unit tC/GJ."""
    above = positive(target, "carbon_content")
    return spoil(
        target,
        "carbon_content",
        lambda text: f"{Decimal(text) * 1000:f}",
        lambda i: above(i) and target.cell(i, "carbon_content_unit") != "tC/TJ",
    )


def parent_with_child(target: Target) -> Marks:
    """原煤 beside one of its kinds for the same unit and month."""
    index = target.pick(lambda i: target.cell(i, "energy") in ("无烟煤", "一般烟煤", "炼焦烟煤", "anthracite"))
    if index is None:
        return []
    parent = target.append(target.delivery.rows[index].copy())
    target.set(parent, "energy", "原煤")
    return [(parent, "energy")]


def wrong_division_code(target: Target) -> Marks:
    """A later row of the register with a county that does not exist; the earlier row stands."""
    index = target.pick()
    if index is None:
        return []
    row = target.append(target.delivery.rows[index].copy())
    target.set(row, "division_code", target.cell(index, "division_code")[:4] + "99")
    target.set(row, "valid_from", f"{target.last_month}-01")
    return [(row, "division_code")]


def non_numeric(target: Target) -> Marks:
    """Words where a number belongs."""
    column = quantity_column(target)
    return spoil(target, column, lambda text: f"约{text}左右", positive(target, column))


def missing_required(target: Target) -> Marks:
    """A required quantity left blank."""
    column = quantity_column(target)
    return spoil(target, column, lambda text: "", positive(target, column))


def empty_file(delivery: Delivery) -> Delivery:
    """A second file of the month with a header and no row."""
    return replace(delivery, name=f"{delivery.name}_补报", rows=[], layout=Layout(encoding="gb18030"))


def truncated_xlsx(delivery: Delivery) -> Delivery:
    """A workbook of which the second half was lost on the way."""
    return replace(
        delivery, name=f"{delivery.name}_重报", layout=Layout(suffix="xlsx", titles=("填报表(演示数据)",)), cut=0.6
    )


def wrong_columns(delivery: Delivery) -> Delivery:
    """A file of another form in this source's folder."""
    rows = [[str(number), f"车间{number}", "正常"] for number in range(1, 6)]
    return replace(
        delivery,
        name=f"{delivery.name}_台账",
        rows=rows,
        headers=["序号", "车间", "备注"],
        layout=Layout(encoding="gb18030"),
    )


_ROW_FUNCTIONS: dict[str, Callable[[Target], Marks]] = {
    function.__name__: function
    for function in (
        power_of_ten, negative_quantity, check_digit, unknown_enterprise, unknown_fuel, unknown_unit, future_month,
        duplicate_key_conflict, duplicate_row, broken_stock_balance, oxidation_as_fraction, carbon_unit_slip,
        parent_with_child, wrong_division_code, non_numeric, missing_required,
        more.fuel_ten_times, more.fuel_wan_unit, more.swapped_columns, more.swapped_parameters, more.feedstock_above_use,
        more.stock_across_months, more.missing_month, more.zero_month, more.copied_month, more.duplicate_enterprise,
        more.reported_under_two_codes, more.closed_enterprise, more.not_yet_operating, more.succeeded_enterprise,
        more.wrong_city, more.certificate_claimed_twice, more.full_width_digits,
    )
}
FILE_FAULTS: dict[str, Callable[[Delivery], Delivery]] = {
    function.__name__: function
    for function in (empty_file, truncated_xlsx, wrong_columns, more.truncated_csv, more.mixed_encodings, more.wrong_checksum)
}
ADDED = ("_补报", "_重报", "_台账", "_合并", "_补发")  # ends of the names of faulty files that come in addition
OUTCOMES = ("caught", "normalised", "not_catchable")


@dataclass(frozen=True)
class FaultKind:
    """One entry of `fault_kinds.yml`.

    Attributes:
        zh, en: what it is; sources: deliveries it is planted in; outcome: one of `OUTCOMES`.
        rules: each of them must tell it; also: rules that may; why: the reason why it cannot be caught.
        scope: `any` or `small` (rows of the smaller half of the enterprises); column ... copy: a change stated as data.
    """

    kind: str
    zh: str
    en: str
    sources: tuple[str, ...]
    outcome: str
    rules: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    why: str = ""
    scope: str = "small"
    column: str = ""
    set: dict[str, str] = field(default_factory=dict)
    prefix: dict[str, str] = field(default_factory=dict)
    multiply: dict[str, str] = field(default_factory=dict)
    where: dict[str, list[str]] = field(default_factory=dict)
    exclude: dict[str, list[str]] = field(default_factory=dict)
    positive: tuple[str, ...] = ()
    filled: tuple[str, ...] = ()
    last_year: bool = False
    copy: dict[str, str] = field(default_factory=dict)

    def spoil(self, target: Target) -> Marks:
        """Plant it in one row of the target."""
        if self.kind in _ROW_FUNCTIONS:
            return _ROW_FUNCTIONS[self.kind](target)
        index = target.pick(lambda i: self._fits(target, i))
        if index is None:
            return []
        if self.copy:
            target.used.discard(index)
            target.taken.discard(target.subject)
            index = target.append(target.delivery.rows[index].copy())
        for column, text in self.copy.items():
            target.set(index, column, f"{text}-{index}")
        for column, text in self.set.items():
            target.set(index, column, text)
        for column, text in self.prefix.items():
            target.set(index, column, text + target.cell(index, column))
        for column, factor in self.multiply.items():
            target.set(index, column, f"{target.number(index, column) * Decimal(factor):f}")
        return [(index, self.column)]

    def _fits(self, target: Target, index: int) -> bool:
        return (
            all(target.cell(index, column) in texts for column, texts in self.where.items())
            and not any(target.cell(index, column) in texts for column, texts in self.exclude.items())
            and all(target.cell(index, column) for column in self.filled)
            and all(target.number(index, column) > 0 for column in self.positive)
            and not (self.last_year and target.cell(index, "period")[:4] != target.last_month[:4])
        )


@cache
def load_kinds() -> dict[str, FaultKind]:
    """Every kind by name. Raises ValueError on a kind without a change or with an unknown outcome."""
    raw = yaml.safe_load((Path(__file__).parent / "fault_kinds.yml").read_text("utf-8"))
    kinds = {}
    for name, spec in raw.items():
        lists = {key: tuple(spec[key]) for key in ("sources", "rules", "also", "positive", "filled") if key in spec}
        kinds[name] = FaultKind(kind=name, **{**spec, **lists})
        if kinds[name].outcome not in OUTCOMES or not (name in FILE_FAULTS or name in _ROW_FUNCTIONS or kinds[name].column):
            raise ValueError(f"fault_kinds.yml: {name}")
    return kinds


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
    raw = yaml.safe_load(text) or {}
    if isinstance(raw, dict):
        return list(raw.items())
    if isinstance(raw, list) and all(isinstance(entry, dict) and "kind" in entry for entry in raw):
        return [(entry["kind"], entry.get("count", 1)) for entry in raw]
    raise ValueError(f"{path}: expected a mapping of kind to count, or a list of kind and count")


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
        self.waiting: list[tuple[str, str, int]] = []  # (kind, source, first delivery of the source that may carry it)
        for first, kind in enumerate(sorted(counts)):
            for copy in range(counts[kind]):
                sources = tuple(source for source in load_kinds()[kind].sources if deliveries.get(source))
                if not sources:
                    self.waiting.append((kind, "", 0))
                    continue
                source = sources[(first + copy) % len(sources)]
                self.waiting.append((kind, source, int(self.rng.integers(max(1, deliveries[source] * 4 // 5)))))

    def plant(self, delivery: Delivery) -> list[Delivery]:
        """Spoil rows of a delivery in place; returns the faulty files that come in addition."""
        position = self.seen.get(delivery.source, 0)
        self.seen[delivery.source] = position + 1
        due = [entry for entry in self.waiting if entry[1] == delivery.source and entry[2] <= position]
        before = {row_key(delivery.source, row): row.copy() for row in delivery.rows} if self.apart else {}
        extra = self._plant(delivery, sorted(due, key=lambda entry: entry[0] != "missing_month")) if due else []
        self.earlier.update(before)
        return extra

    def _plant(self, delivery: Delivery, due: list[tuple[str, str, int]]) -> list[Delivery]:
        place = positions(delivery.source).get("uscc")
        target = Target(
            delivery, [], self.rng, self.seed, self.last_month, taken=self.taken, apart=self.apart, earlier=self.earlier, twins=self.twins
        )
        extra: list[Delivery] = []
        for entry in due:
            kind = load_kinds()[entry[0]]
            if kind.kind in FILE_FAULTS:
                spoiled = _later(FILE_FAULTS[kind.kind](delivery), len(extra) + 1)
                if any(other.path == spoiled.path for other in extra):
                    continue
                extra.append(spoiled)
                self.planted.append(Planted(spoiled.path, None, "", kind.kind))
            else:
                target.candidates = [
                    i for i, row in enumerate(delivery.rows) if kind.scope == "any" or (place is not None and row[place] in self.candidates)
                ]
                marks = kind.spoil(target)
                if not marks:
                    continue
                code, month = target.subject if place is not None else ("", "")
                month = month if month[:4].isdigit() else ""
                self.planted += [
                    Planted(delivery.path, None if index is None else delivery.row_no(index), column, kind.kind, code, month)
                    for index, column in marks
                ]
            self.waiting.remove(entry)
        return extra

    @property
    def unplanted(self) -> list[str]:
        """Kinds for which no fitting row was left."""
        return [kind for kind, _, _ in self.waiting]


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
