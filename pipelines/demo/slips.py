"""The first faults: one cell or row spoiled by a small function, and files that are none."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from pipelines.contracts.credit_code import ALPHABET
from pipelines.demo.credit_code import synthetic_code
from pipelines.demo.files import Delivery, Layout
from pipelines.demo.target import Marks, Target, positive, quantity_column, spoil


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
