"""A delivery that is about to be written, seen by a fault: rows that may be spoiled, cells by canonical name, the month before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from pipelines.contracts.source import load_sources
from pipelines.demo.files import Delivery
from pipelines.demo.series import positions


@dataclass
class Target:
    """A delivery that is about to be written, and the rows of it that may be spoiled."""

    delivery: Delivery
    candidates: list[int]
    rng: np.random.Generator
    seed: int
    last_month: str
    used: set[int] = field(default_factory=set)
    taken: set[tuple[str, str]] = field(default_factory=set)  # (enterprise, month) that carries a fault already
    apart: bool = False  # at most one fault in an enterprise and month, so that what it costs can be told
    earlier: dict[tuple[str, ...], list[str]] = field(default_factory=dict)  # the rows of the months before, by key without period
    twins: dict[str, str] = field(default_factory=dict)  # enterprise -> its second code
    subject: tuple[str, str] = ("", "")  # enterprise and month of the row chosen last
    peers: list[list[str]] = field(default_factory=list)  # the rows of the delivery that the only row of this one comes from

    @property
    def places(self) -> dict[str, int]:
        """Canonical column -> position in a row."""
        return positions(self.delivery.source)

    def cell(self, index: int, column: str) -> str:
        return self.delivery.rows[index][positions(self.delivery.source)[column]]

    def set(self, index: int, column: str, text: str) -> None:
        self.delivery.rows[index][positions(self.delivery.source)[column]] = text

    def pick(self, accept: Callable[[int], bool] = lambda index: True) -> int | None:
        """A row not spoiled yet that the fault can use, or None."""
        fitting = [i for i in self.candidates if i not in self.used and not (self.apart and self.is_taken(i)) and accept(i)]
        if not fitting:
            return None
        chosen = fitting[int(self.rng.integers(len(fitting)))]
        self.used.add(chosen)
        self.subject = self.owner(chosen)
        self.taken.add(self._slot(chosen))
        return chosen

    def is_taken(self, index: int) -> bool:
        """True when the enterprise carries a fault in this month already, or in its row of the register."""
        code, month = self._slot(index)
        return (code, month) in self.taken or (code, "*") in self.taken or ((code, "enterprise_register") in self.taken and code not in self.twins)

    def _slot(self, index: int) -> tuple[str, str]:
        """What a fault takes: readings move no figure of the forms, so that both may be faulty in one month."""
        code, month = self.owner(index)
        return (code, f"{month} readings") if "ts" in self.places else (code, month)

    def owner(self, index: int) -> tuple[str, str]:
        """Enterprise and month of a row; a row of neither stands for itself."""
        place, row = positions(self.delivery.source), self.delivery.rows[index]
        if "uscc" not in place:
            return (self.delivery.path, str(index))
        time = next((name for name in ("period", "ts", "vintage") if name in place), None)
        return (row[place["uscc"]], row[place[time]][:7] if time else self.delivery.source)

    def rows_like(self, index: int) -> list[int]:
        """All rows of the enterprise of that row."""
        return [i for i in range(len(self.delivery.rows)) if self.cell(i, "uscc") == self.cell(index, "uscc")]

    def before(self, index: int) -> list[str] | None:
        """The row of the same key in the month before, or None."""
        return self.earlier.get(row_key(self.delivery.source, self.delivery.rows[index]))

    def drop(self, indices: list[int]) -> None:
        """Leave rows out. Faults that do so come first: labels count the rows that are left."""
        gone = set(indices)
        self.delivery.rows[:] = [row for i, row in enumerate(self.delivery.rows) if i not in gone]
        shift = {old: new for new, old in enumerate(i for i in range(len(self.delivery.rows) + len(gone)) if i not in gone)}
        self.candidates = [shift[i] for i in self.candidates if i in shift]
        self.used = {shift[i] for i in self.used if i in shift}

    def append(self, row: list[str]) -> int:
        """Add a row at the end; returns its index."""
        self.delivery.rows.append(row)
        self.used.add(len(self.delivery.rows) - 1)
        return len(self.delivery.rows) - 1

    def copy(self, index: int) -> int:
        """A copy of a chosen row at the end. The original may be chosen again; of an enterprise only in another month."""
        self.used.discard(index)
        if "uscc" not in self.places:
            self.taken.discard(self._slot(index))
        return self.append(self.delivery.rows[index].copy())

    def another(self, index: int, column: str) -> str:
        """What another row of the delivery has in that column."""
        own, place = self.cell(index, column), self.places[column]
        return next((row[place] for row in self.peers or self.delivery.rows if row[place] and row[place] != own), own)

    def number(self, index: int, column: str) -> Decimal:
        """The number in a cell, 0 when it is blank."""
        return Decimal(self.cell(index, column) or "0")


Marks = list[tuple[int | None, str]]  # (row index, canonical column) of what was planted; None: rows left out; empty: no row fits


def row_key(source: str, row: list[str]) -> tuple[str, ...]:
    """The key of a row without its period."""
    place = positions(source)
    return (source, *(row[place[name]] for name in load_sources()[source].key if name != "period"))


def spoil(target: Target, column: str, change: Callable[[str], str], accept: Callable[[int], bool]) -> Marks:
    index = target.pick(accept)
    if index is None:
        return []
    target.set(index, column, change(target.cell(index, column)))
    return [(index, column)]


def positive(target: Target, column: str) -> Callable[[int], bool]:
    return lambda index: bool(target.cell(index, column)) and target.number(index, column) > 0


def quantity_column(target: Target) -> str:
    return "consumed" if target.delivery.source == "enterprise_energy" else "quantity"
