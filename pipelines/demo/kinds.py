"""The kinds of faults: `fault_kinds.yml`, and what a kind does to a row of a delivery.

A kind either has a function (`ROW_FAULTS`, `FILE_FAULTS`) or states its change as data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path

from pipelines.demo import slips, spoil
from pipelines.demo.files import Delivery
from pipelines.demo.target import Marks, Target
from pipelines.yaml_text import load_yaml

ROW_FAULTS: dict[str, Callable[[Target], Marks]] = {
    function.__name__: function
    for function in (
        slips.power_of_ten, slips.negative_quantity, slips.check_digit, slips.unknown_enterprise, slips.unknown_fuel, slips.unknown_unit,
        slips.future_month, slips.duplicate_key_conflict, slips.duplicate_row, slips.broken_stock_balance, slips.oxidation_as_fraction,
        slips.carbon_unit_slip, slips.parent_with_child, slips.wrong_division_code, slips.non_numeric, slips.missing_required,
        spoil.fuel_ten_times, spoil.fuel_wan_unit, spoil.swapped_columns, spoil.swapped_parameters, spoil.feedstock_above_use,
        spoil.stock_across_months, spoil.missing_month, spoil.zero_month, spoil.copied_month, spoil.duplicate_enterprise,
        spoil.reported_under_two_codes, spoil.closed_enterprise, spoil.not_yet_operating, spoil.succeeded_enterprise,
        spoil.wrong_city, spoil.moved_city, spoil.certificate_claimed_twice, spoil.full_width_digits, spoil.unit_beside_site,
        spoil.readings_missing, spoil.meter_outage, spoil.meter_beside_report, spoil.invented_indicators, spoil.late_evidence,
    )
}
FILE_FAULTS: dict[str, Callable[[Delivery], Delivery]] = {
    function.__name__: function
    for function in (
        slips.empty_file, slips.truncated_xlsx, slips.wrong_columns, spoil.truncated_csv, spoil.mixed_encodings, spoil.wrong_checksum,
        spoil.zero_bytes, spoil.repeated_header,
    )
}
DROPPING = ("missing_month", "readings_missing", "meter_outage")  # they leave rows out: they come first, labels count the rows that are left
OUTCOMES = ("caught", "normalised", "not_catchable")


@dataclass(frozen=True)
class FaultKind:
    """One entry of `fault_kinds.yml`.

    Attributes:
        zh, en: what it is; sources: deliveries it is planted in; outcome: one of `OUTCOMES`.
        rules: each of them must tell it; also: rules that may; why: the reason why it cannot be caught.
        scope: `any` or `small` (rows of the smaller half of the enterprises); column: the one that is labelled.
        set ... last_digit: the change, stated as data; where ... year: rows that it fits (year: 0 the last one, -1 the one before).
        copy: change a copy of the row under this key; again: in a file that comes so many hours later;
        lasting: the change goes on for so many months, `freeze` columns keep the first month's text; whole: all rows of the enterprise change,
        so many of them at the least.
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
    take: dict[str, str] = field(default_factory=dict)
    other: tuple[str, ...] = ()
    last_digit: dict[str, str] = field(default_factory=dict)
    where: dict[str, list[str]] = field(default_factory=dict)
    exclude: dict[str, list[str]] = field(default_factory=dict)
    positive: tuple[str, ...] = ()
    filled: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()
    year: int | None = None
    copy: dict[str, str] = field(default_factory=dict)
    again: int | None = None
    lasting: int = 1
    freeze: tuple[str, ...] = ()
    whole: int = 0

    @property
    def from_the_start(self) -> bool:
        """True when it needs the months before the last year, or many months."""
        return self.lasting > 1 or self.year == -1

    def spoil(self, target: Target) -> Marks:
        """Plant it in one row of the target."""
        if self.kind in ROW_FAULTS:
            return ROW_FAULTS[self.kind](target)
        index = target.pick(lambda i: self.fits(target, i))
        if index is None:
            return []
        if self.copy:
            index = target.copy(index)
        for column, text in self.copy.items():
            target.set(index, column, f"{text}{index}" if text.endswith("-") else text)
        self.change_rows(target, index)
        return [(index, self.column)]

    def change_rows(self, target: Target, index: int) -> None:
        """Change the row, or every row of its enterprise."""
        for i in target.rows_like(index) if self.whole else [index]:
            self.change(target, i)

    def change(self, target: Target, index: int) -> None:
        """Change the cells of one row."""
        for column, source in self.take.items():
            target.set(index, column, target.cell(index, source))
        for column in self.other:
            target.set(index, column, target.another(index, column))
        for column, text in self.set.items():
            target.set(index, column, text)
        for column, text in self.prefix.items():
            target.set(index, column, text + target.cell(index, column))
        for column, factor in self.multiply.items():
            target.set(index, column, f"{target.number(index, column) * Decimal(factor):f}")
        for column, digit in self.last_digit.items():
            target.set(index, column, target.cell(index, column)[:-1] + digit)

    def fits(self, target: Target, index: int) -> bool:
        """True when the row can carry it."""
        return (
            all(target.cell(index, column) in texts for column, texts in self.where.items())
            and not any(target.cell(index, column) in texts for column, texts in self.exclude.items())
            and all(target.cell(index, column) for column in self.filled)
            and not any(target.cell(index, column) for column in self.blank)
            and all(target.number(index, column) > 0 for column in self.positive)
            and (not self.whole or len(target.rows_like(index)) >= self.whole)
            and self._in_time(target, index)
        )

    def _in_time(self, target: Target, index: int) -> bool:
        last_year, last_month = int(target.last_month[:4]), int(target.last_month[5:7])
        if self.year is None and self.lasting == 1:
            return True
        period = target.cell(index, "period" if "period" in target.places else "year")
        if self.year is not None and int(period[:4]) != last_year + self.year:
            return False
        return self.lasting == 1 or (last_year - int(period[:4])) * 12 + last_month - int(period[5:7]) >= self.lasting - 1


@cache
def load_kinds() -> dict[str, FaultKind]:
    """Every kind by name. Raises ValueError on a kind without a change or with an unknown outcome."""
    raw = load_yaml((Path(__file__).parent / "fault_kinds.yml").read_text("utf-8"))
    kinds = {}
    for name, spec in raw.items():
        lists = {key: tuple(value) for key, value in spec.items() if isinstance(value, list)}
        kinds[name] = FaultKind(kind=name, **{**spec, **lists})
        if kinds[name].outcome not in OUTCOMES or not (name in FILE_FAULTS or name in ROW_FAULTS or kinds[name].column):
            raise ValueError(f"fault_kinds.yml: {name}")
    return kinds
