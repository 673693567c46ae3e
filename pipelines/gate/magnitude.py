"""Evidence on emissions that no enterprise has. What passes keeps the lines of a row, and sums of a million of them, within what a
total of tonnes can hold, so that no cell can stop the night that computes with it.
"""

from __future__ import annotations

from functools import cache

import polars as pl

from pipelines.contracts.codes import PUBLISHED, SEEDS, load_units, read_rows
from pipelines.contracts.source import Source
from pipelines.gate.stake import estimated


def add_magnitude(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Add, where the row alone says what it emits, `emission_magnitude` (tCO2e); of a factor `factor_magnitude`; of power that areas
    generate, exchange or sell `power_magnitude` (MWh a year at the rate of its period: a year has many months and hours)."""
    if source.name == "enterprise_process":
        # a tonne of these gases is up to 24 300 tCO2e, and a blank unit means kg; of other items `magnitude` says enough
        gas = pl.col("quantity").abs() * pl.col("unit").fill_null("kg").replace_strict(_masses(), default=1.0, return_dtype=pl.Float64) * _greatest_gwp()
        return rows.with_columns(pl.when(pl.col("item").is_in(_fluorinated())).then(gas).alias("emission_magnitude"))
    if source.name in ("enterprise_energy", "enterprise_power_heat", "power_unit_month"):
        return rows.with_columns(estimated(source).abs().alias("emission_magnitude"))
    if source.name in ("grid_generation", "grid_exchange", "grid_sales"):
        periods = pl.col("period_grain").replace_strict({"hour": 8784.0, "month": 12.0}, default=1.0, return_dtype=pl.Float64)
        return rows.with_columns((pl.col("magnitude") * periods).alias("power_magnitude"))
    if source.name == "emission_factor":
        return rows.with_columns(pl.col("value").abs().alias("factor_magnitude"))
    return rows


@cache
def _greatest_gwp() -> float:
    return max(float(row["value"]) for row in read_rows(PUBLISHED / "emission_factor" / "gwp.csv"))


@cache
def _fluorinated() -> list[str]:
    """Items of the process form whose quantity is a mass of fluorinated gas."""
    return sorted({row["param_code"] for row in read_rows(SEEDS / "process_block.csv") if row["block"] in ("sf6", "etch_gas", "filled_gas")})


@cache
def _masses() -> dict[str, float]:
    """Unit of mass -> tonnes."""
    return {key: unit.factor for (key, dimension), unit in load_units().by_key.items() if dimension == "mass"}
