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
from pathlib import Path

import numpy as np
import yaml

from pipelines.contracts.credit_code import ALPHABET
from pipelines.demo.credit_code import synthetic_code
from pipelines.demo.files import Delivery, Layout
from pipelines.demo.series import positions

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
    """One line of faults.csv; `row_no` and `column` are empty for a fault of the whole file."""

    file: str
    row_no: int | None
    column: str
    kind: str


@dataclass
class Target:
    """A delivery that is about to be written, and the rows of it that may be spoiled."""

    delivery: Delivery
    candidates: list[int]
    rng: np.random.Generator
    seed: int
    last_month: str
    used: set[int] = field(default_factory=set)

    def cell(self, index: int, column: str) -> str:
        return self.delivery.rows[index][positions(self.delivery.source)[column]]

    def set(self, index: int, column: str, text: str) -> None:
        self.delivery.rows[index][positions(self.delivery.source)[column]] = text

    def pick(self, accept: Callable[[int], bool] = lambda index: True) -> int | None:
        """A row not spoiled yet that the fault can use, or None."""
        fitting = [index for index in self.candidates if index not in self.used and accept(index)]
        if not fitting:
            return None
        chosen = fitting[int(self.rng.integers(len(fitting)))]
        self.used.add(chosen)
        return chosen

    def append(self, row: list[str]) -> int:
        """Add a row at the end; returns its index."""
        self.delivery.rows.append(row)
        self.used.add(len(self.delivery.rows) - 1)
        return len(self.delivery.rows) - 1

    def number(self, index: int, column: str) -> Decimal:
        """The number in a cell, 0 when it is blank."""
        return Decimal(self.cell(index, column) or "0")


Marks = list[tuple[int, str]]  # (row index, canonical column) of what was planted; empty: no row fits


def _spoil(target: Target, column: str, change: Callable[[str], str], accept: Callable[[int], bool]) -> Marks:
    index = target.pick(accept)
    if index is None:
        return []
    target.set(index, column, change(target.cell(index, column)))
    return [(index, column)]


def _positive(target: Target, column: str) -> Callable[[int], bool]:
    return lambda index: bool(target.cell(index, column)) and target.number(index, column) > 0


def _quantity_column(target: Target) -> str:
    return "consumed" if target.delivery.source == "enterprise_energy" else "quantity"


def power_of_ten(target: Target) -> Marks:
    """A calorific value in kJ/kg under the unit GJ/t."""
    in_gj = _positive(target, "ncv")

    def accept(index: int) -> bool:  # not a gas: there a factor of 1000 is no slip between two units in use
        return in_gj(index) and target.cell(index, "ncv_unit") in ("", "GJ/t") and target.number(index, "ncv") < 100

    return _spoil(target, "ncv", lambda text: f"{Decimal(text) * 1000:f}", accept)


def negative_quantity(target: Target) -> Marks:
    """A quantity with a minus sign."""
    column = _quantity_column(target)
    return _spoil(target, column, lambda text: f"-{text}", _positive(target, column))


def check_digit(target: Target) -> Marks:
    """A credit code with another check digit."""
    return _spoil(
        target, "uscc", lambda code: code[:17] + ALPHABET[(ALPHABET.index(code[17]) + 7) % 31], lambda i: True
    )


def unknown_enterprise(target: Target) -> Marks:
    """A valid credit code that the register does not hold."""
    return _spoil(
        target,
        "uscc",
        lambda code: synthetic_code(code[2:8], target.seed, 99_000 + int(target.rng.integers(900))),
        lambda i: True,
    )


def unknown_fuel(target: Target) -> Marks:
    """A fuel name outside the form."""
    return _spoil(target, "energy", lambda text: "优质混配燃料", lambda i: True)


def unknown_unit(target: Target) -> Marks:
    """A unit that is none."""
    return _spoil(target, "unit", lambda text: "车皮", lambda i: True)


def future_month(target: Target) -> Marks:
    """A month that has not come yet, for any knowledge date of this decade."""
    year = str(int(target.last_month[:4]) + 10)
    return _spoil(target, "period", lambda text: year + text[4:], lambda i: True)


def duplicate_key_conflict(target: Target) -> Marks:
    """One key twice with different values: both rows are in conflict."""
    column = _quantity_column(target)
    index = target.pick(_positive(target, column))
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
    positive = _positive(target, "consumed")
    return _spoil(
        target,
        "consumed",
        lambda text: f"{Decimal(text) * Decimal('1.25'):f}",
        lambda i: positive(i) and bool(target.cell(i, "opening_stock")),
    )


def oxidation_as_fraction(target: Target) -> Marks:
    """An oxidation rate as a fraction in a column of percent."""
    return _spoil(
        target, "oxidation_rate", lambda text: f"{Decimal(text) / 100:f}", _positive(target, "oxidation_rate")
    )


def carbon_unit_slip(target: Target) -> Marks:
    """A carbon content in tC/TJ under the unit tC/GJ."""
    positive = _positive(target, "carbon_content")
    return _spoil(
        target,
        "carbon_content",
        lambda text: f"{Decimal(text) * 1000:f}",
        lambda i: positive(i) and target.cell(i, "carbon_content_unit") != "tC/TJ",
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
    column = _quantity_column(target)
    return _spoil(target, column, lambda text: f"约{text}左右", _positive(target, column))


def missing_required(target: Target) -> Marks:
    """A required quantity left blank."""
    column = _quantity_column(target)
    return _spoil(target, column, lambda text: "", _positive(target, column))


_ENERGY = ("enterprise_energy",)
_QUANTITIES = ("enterprise_energy", "enterprise_process", "enterprise_power_heat", "enterprise_output")
# kind -> (function, sources it can be planted in)
ROW_FAULTS: dict[str, tuple[Callable[[Target], Marks], tuple[str, ...]]] = {
    "power_of_ten": (power_of_ten, _ENERGY),
    "negative_quantity": (negative_quantity, ("enterprise_power_heat", "enterprise_process")),
    "check_digit": (check_digit, _QUANTITIES),
    "unknown_enterprise": (unknown_enterprise, _QUANTITIES),
    "unknown_fuel": (unknown_fuel, _ENERGY),
    "unknown_unit": (unknown_unit, ("enterprise_energy", "enterprise_power_heat")),
    "future_month": (future_month, _QUANTITIES),
    "duplicate_key_conflict": (duplicate_key_conflict, ("enterprise_energy", "enterprise_output")),
    "duplicate_row": (duplicate_row, _QUANTITIES),
    "broken_stock_balance": (broken_stock_balance, _ENERGY),
    "oxidation_as_fraction": (oxidation_as_fraction, _ENERGY),
    "carbon_unit_slip": (carbon_unit_slip, _ENERGY),
    "parent_with_child": (parent_with_child, _ENERGY),
    "wrong_division_code": (wrong_division_code, ("enterprise_register",)),
    "non_numeric": (non_numeric, _QUANTITIES),
    "missing_required": (missing_required, ("enterprise_energy", "enterprise_process", "enterprise_output")),
}


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


FILE_FAULTS: dict[str, Callable[[Delivery], Delivery]] = {
    "empty_file": empty_file,
    "truncated_xlsx": truncated_xlsx,
    "wrong_columns": wrong_columns,
}
KINDS = frozenset(ROW_FAULTS) | frozenset(FILE_FAULTS)


def read_faults(faults: Path | str | None) -> dict[str, int]:
    """How many of each kind: `none` (or None) nothing, `default` the built-in handful, else a CSV or YAML file of kind and count.

    Raises ValueError on an unknown kind or a count that is no whole number, OSError when the file cannot be read.
    """
    if faults is None or str(faults) == "none":
        return {}
    if str(faults) == "default":
        return dict(DEFAULT_FAULTS)
    path = Path(faults)
    text = path.read_text("utf-8-sig")
    counts: dict[str, int] = {}
    for kind, count in _listed(path, text):
        if kind not in KINDS:
            raise ValueError(f"{path}: unknown fault {kind!r}; known are {', '.join(sorted(KINDS))}")
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
        self.waiting: list[tuple[str, str, int]] = []  # (kind, source, first delivery of the source that may carry it)
        for first, kind in enumerate(sorted(counts)):
            for copy in range(counts[kind]):
                sources = ROW_FAULTS[kind][1] if kind in ROW_FAULTS else _QUANTITIES[:1] + _QUANTITIES[2:]
                sources = tuple(source for source in sources if deliveries.get(source))
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
        if not due:
            return []
        target = Target(
            delivery,
            [i for i, row in enumerate(delivery.rows) if row[0] in self.candidates],
            self.rng,
            self.seed,
            self.last_month,
        )
        extra: list[Delivery] = []
        for entry in due:
            kind = entry[0]
            if kind in FILE_FAULTS:
                spoiled = _later(FILE_FAULTS[kind](delivery), len(extra) + 1)
                if any(other.path == spoiled.path for other in extra):
                    continue
                extra.append(spoiled)
                self.planted.append(Planted(spoiled.path, None, "", kind))
            else:
                marks = ROW_FAULTS[kind][0](target)
                if not marks:
                    continue
                self.planted += [
                    Planted(delivery.path, delivery.row_no(index), column, kind) for index, column in marks
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
