"""What the spelling of a unit means: its canonical unit and the factor into it, in the dimension that a column asks for."""

from __future__ import annotations

from functools import cache

from pipelines.contracts.codes import SEEDS, load_fuels, load_units, read_rows
from pipelines.contracts.source import Column
from pipelines.contracts.text import unit_key

# dimension of the quantity by the canonical unit of its fuel or item
DIMENSION = {
    "t": "mass", "1e4 Nm3": "gas_volume", "GJ": "energy", "MWh": "electricity", "tce": "tce",
}
CARRIER_DIMENSION = {"电力": "electricity", "热力": "energy"}


def ncv_dimension(energy: str | None) -> tuple[str | None, str | None]:
    fuel = load_fuels().get(energy or "")
    if fuel is None:
        return None, None
    return ("ncv_volume", "GJ/1e4 Nm3") if fuel["canonical_unit"] == "1e4 Nm3" else ("ncv_mass", "GJ/t")


@cache
def dimensions(of: str) -> dict[str | None, tuple[str | None, str | None]]:
    """Code of the column that decides -> (dimension, canonical unit)."""
    if of == "carrier":
        return {carrier: (dimension, canonical_of(dimension)) for carrier, dimension in CARRIER_DIMENSION.items()}
    if of == "item":
        rows = read_rows(SEEDS / "activity_item.csv")
        return {row["param_code"]: (row["dimension"], row["unit"]) for row in rows}
    if of == "energy":
        units = {name: fuel["canonical_unit"] for name, fuel in load_fuels().items()}
    else:
        units = {row["fuel_code"]: row["canonical_unit"] for row in read_rows(SEEDS / "balance_fuel.csv")}
    return {code: (DIMENSION[unit], unit) for code, unit in units.items()}


@cache
def printed_units() -> dict[str | None, str]:
    """Fuel of a balance -> its unit on the printed form, which a blank unit means."""
    return {row["fuel_code"]: row["unit_in_balance"] for row in read_rows(SEEDS / "balance_fuel.csv")}


@cache
def canonical_of(dimension: str) -> str | None:
    return next((u.canonical_unit for (_, d), u in load_units().by_key.items() if d == dimension), None)


def unit_of(column: Column, key: str, dimension: str | None, canonical: str | None) -> tuple[str, float] | None:
    """The meaning of a unit in this column. A fuel of an energy balance may stand in standard coal: the build converts it back by the
    coefficient of the year. Power may not: the table does not say by which of its two coefficients (calorific, coal rate) it was made.
    """
    meaning = unit_meaning(key, dimension, canonical)
    if meaning is None and column.dimension_of == "fuel" and dimension in ("mass", "gas_volume", "energy"):
        return unit_meaning(key, "tce", "tce")
    return meaning


def fitting(column: Column, units: tuple[str, ...], dimension: str | None, canonical: str | None) -> list[str]:
    """Those of several units that something of this dimension can be measured in, one a meaning."""
    found = {meaning: unit for unit in reversed(units) if (meaning := unit_of(column, unit, dimension, canonical)) is not None}
    return [unit for unit in units if unit in found.values()]


def shown_unit(text: str | None, unit: str) -> str:
    """How a unit cell is shown in a finding where the headers state a unit: a cell that states another one names both."""
    if text is None or unit_meaning(unit_key(text), None, None) == unit_meaning(unit, None, None):
        return text or unit
    return f"{text}（表头：{unit}）"


@cache
def unit_meaning(key: str, dimension: str | None, canonical: str | None) -> tuple[str, float] | None:
    """(canonical unit, factor into it) of a spelling in a dimension (None = any), or None when it is unknown.

    A verbatim unit is only ever itself. A gas volume keeps its reference state: 1e4 Nm3 and 1e4 m3 differ for methane.
    """
    if dimension == "verbatim":
        return (canonical, 1.0) if canonical and key == unit_key(canonical) else None
    units = load_units().by_key
    unit = next((u for (k, of), u in units.items() if k == key and dimension in (None, of)), None)
    if unit is None:
        return None
    state = " at 20 C" if unit.dimension == "gas_volume" and "N" not in unit.unit else ""
    return f"{unit.canonical_unit}{state}", unit.factor
