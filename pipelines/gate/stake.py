"""How much hangs on a row: an estimate of its emission from what it reports, with published default factors.

The estimate says how urgent a finding is and whether a waiver needs a second signature. It never enters an account.
"""

from __future__ import annotations

from functools import cache
from statistics import median

import polars as pl

from pipelines.contracts.codes import PUBLISHED, SEEDS, load_fuels, load_units, read_rows
from pipelines.contracts.source import Source

_CARBON_TO_CO2 = 44 / 12

# tCO2e above which an estimate says nothing of a row but that its figures are wrong: a tenth of what the country emits in a year.
# A million such rows still add up to a figure that a total of tonnes can hold.
LARGEST = 1e9


def add_stake(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Add `estimate_tco2e` (tCO2e, 0 to LARGEST; null = cannot be said from the row alone)."""
    value = estimated(source).abs().round(3)
    return rows.with_columns(pl.when(value < LARGEST).then(value).alias("estimate_tco2e"))


def estimated(source: Source) -> pl.Expr:
    """The estimate without a limit (tCO2e, of the sign of the quantity)."""
    if source.name == "enterprise_energy":
        return _energy()
    if source.name == "enterprise_power_heat":
        return _power_heat()
    if source.name == "enterprise_process":
        return _process()
    if source.name == "power_unit_month":
        return pl.col("coal_t") * pl.col("carbon_tc_per_t").fill_null(_power_carbon()) * _CARBON_TO_CO2
    return pl.lit(0.0) if source.name == "enterprise_output" else pl.lit(None, dtype=pl.Float64)   # output makes no line


def _energy() -> pl.Expr:
    defaults = _fuel_defaults()
    codes = {name: fuel["fuel_code"] for name, fuel in load_fuels().items()}
    units = {name: _DIMENSION.get(fuel["canonical_unit"]) for name, fuel in load_fuels().items()}
    burned = pl.col("consumed") - pl.col("feedstock").fill_null(0.0) - pl.col("transformation_input").fill_null(0.0)
    per_unit = pl.col("energy").replace_strict(
        {name: defaults[code] for name, code in codes.items() if code in defaults}, default=None, return_dtype=pl.Float64
    )
    own = pl.col("ncv_si") * pl.col("carbon_si") * _CARBON_TO_CO2
    plausible = (own > per_unit / 3) & (own < per_unit * 3)
    factor = pl.when(plausible).then(own).otherwise(per_unit)
    no_line = pl.col("energy").is_in(["电力", "热力"])   # their lines come from enterprise_power_heat
    return pl.when(no_line).then(0.0).otherwise(burned * _by_dimension("unit", "energy", units) * factor)


_DIMENSION = {"t": "mass", "1e4 Nm3": "gas_volume", "GJ": "energy", "MWh": "electricity", "tce": "tce"}


def _power_heat() -> pl.Expr:
    power, heat = pl.col("carrier") == "电力", pl.col("carrier") == "热力"
    quantity = pl.col("quantity") * _by_dimension("unit", "carrier", {"电力": "electricity", "热力": "energy"})
    declared = pl.col("emission_factor")
    factor = pl.when(power).then(_latest_grid()).when(heat).then(declared.fill_null(_heat()))
    return pl.when(pl.col("direction") == "自发自用").then(0.0).otherwise(quantity * factor)


def _process() -> pl.Expr:
    """By the factor that the row declares, else by the printed one of its item. What makes its tonnes with other rows (clinker, mine gas, waste
    water, a ratio) says nothing by itself: null, not 0."""
    defaults = _item_defaults()
    declared = pl.coalesce("emission_factor", pl.col("carbon_content") * _CARBON_TO_CO2)
    per_unit = pl.col("item").replace_strict(defaults, default=None, return_dtype=pl.Float64)
    tonnes = pl.col("quantity") * _by_dimension("unit", "item", dict.fromkeys(defaults, "mass"))
    return pl.coalesce(pl.col("quantity") * declared, tonnes * per_unit)


def _by_dimension(unit: str, decides: str, dimensions: dict[str, str | None]) -> pl.Expr:
    """Factor of a unit column in the dimension that a code column asks for; a blank unit is the canonical one."""
    value = pl.lit(None, dtype=pl.Float64)
    dimension = pl.col(decides).replace_strict(dimensions, default=None, return_dtype=pl.String)
    for of in sorted({d for d in dimensions.values() if d}):
        factors = {key: u.factor for (key, known), u in load_units().by_key.items() if known == of}
        known = pl.col(unit).replace_strict(factors, default=None, return_dtype=pl.Float64)
        value = pl.when(dimension == of).then(pl.when(pl.col(unit).is_null()).then(1.0).otherwise(known)).otherwise(value)
    return value


@cache
def _fuel_defaults() -> dict[str, float]:
    """Fuel code -> tCO2 per canonical unit: the middle of the published sets, oxidation taken as complete."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for row in read_rows(PUBLISHED / "emission_factor" / "fuel.csv"):
        if row["kind"] in ("ncv", "carbon_content"):
            found.setdefault(row["item"], {}).setdefault(row["kind"], {})[row["method_version"]] = float(row["value"])
    return {
        item: median(kinds["ncv"].values()) * median(kinds["carbon_content"].values()) * _CARBON_TO_CO2
        for item, kinds in found.items() if {"ncv", "carbon_content"} <= set(kinds)
    }


@cache
def _item_defaults() -> dict[str, float]:
    """Item of the process form, in tonnes -> tCO2e per tonne: the middle of what the methods print for it, with the latest GWP."""
    printed = [r for r in read_rows(PUBLISHED / "emission_factor" / "process.csv") if r["kind"] == "process"]
    gases = {r["gas"]: float(r["value"]) for r in sorted(read_rows(PUBLISHED / "emission_factor" / "gwp.csv"), key=lambda r: r["method_version"])}
    factors: dict[str, list[float]] = {}
    for row in printed:
        if row["unit"].startswith(f"t{row['gas']}/t"):
            factors.setdefault(row["item"], []).append(float(row["value"]) * gases.get(row["gas"], 1.0))
    shares = {row["item"]: float(row["value"]) / 100 for row in printed if row["unit"] == "%"}
    masses = {row["param_code"] for row in read_rows(SEEDS / "activity_item.csv") if row["unit"] == "t"}
    found: dict[str, list[float]] = {}
    for row in read_rows(SEEDS / "process_item.csv"):
        if row["factor_item"] in factors and row["param_code"] in masses:
            found.setdefault(row["param_code"], []).append(median(factors[row["factor_item"]]) * shares.get(row["purity_factor_item"], 1.0))
    return {item: median(values) for item, values in sorted(found.items())}


@cache
def _power_carbon() -> float:
    """tC per t of coal of an unmeasured unit: calorific value x carbon content of the ETS set."""
    rows = read_rows(PUBLISHED / "emission_factor" / "fuel.csv")
    found = {r["kind"]: float(r["value"]) for r in rows if r["item"] == "coal_power_unmeasured" and r["method_version"] == "cets-ag"}
    return found["ncv"] * found["carbon_content"]


@cache
def _latest_grid() -> float:
    """The national average of the latest published year, tCO2/MWh."""
    rows = [
        (int(row["data_year"]), float(row["value"]))
        for path in sorted((PUBLISHED / "emission_factor").glob("grid_average_*.csv")) for row in read_rows(path)
        if row["item"] == "average" and row["area"] == "000000"
    ]
    return max(rows)[1]


@cache
def _heat() -> float:
    """Purchased heat, tCO2/GJ."""
    return float(read_rows(PUBLISHED / "emission_factor" / "heat.csv")[0]["value"])
