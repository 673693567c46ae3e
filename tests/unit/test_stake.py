"""What hangs on a row by itself: by the factor it declares, else by the printed one; unknown where it makes its tonnes with other rows."""

from __future__ import annotations

import polars as pl
import pytest

from pipelines.contracts.source import load_sources
from pipelines.gate.stake import add_stake


@pytest.mark.parametrize(("item", "role", "quantity", "unit", "factor", "carbon", "tonnes"), [
    ("limestone", "辅料", 1000.0, "t", None, None, 439.7),             # 1 000 x 0.4397 (the printed one)
    ("limestone", "辅料", 2.0, "1e4t", None, None, 8794.0),           # 20 000 t
    ("limestone", "辅料", 1000.0, "t", 0.3, None, 300.0),              # its own factor goes first
    ("clinker_portland", "参数", 1000.0, "t", None, None, 535.0),      # delivered as a parameter, and all of it is emission
    ("fgd_sorbent", "辅料", 1000.0, "t", None, None, 395.73),          # 0.4397 x 90 % carbonate
    ("nitric_acid_combined", "过程", 100.0, "t", None, None, 204.75),  # 100 x 0.0075 t N2O x 273
    ("carbon_anode", "过程", 100.0, "t", None, 0.9, 330.0),            # 100 x 0.9 x 44/12
    ("ch4_ventilated", "参数", 100.0, "1e4m3", None, None, None),      # what a mine vents counts by its density and what it uses
    ("calcination_ratio", "参数", 90.0, "%", None, None, None),        # a ratio weighs what its material weighs
])
def test_what_a_process_row_weighs(item: str, role: str, quantity: float, unit: str, factor: float | None, carbon: float | None, tonnes: float | None) -> None:
    rows = pl.DataFrame(
        {"item": [item], "role": [role], "quantity": [quantity], "unit": [unit], "emission_factor": [factor], "carbon_content": [carbon]},
        schema={"item": pl.String, "role": pl.String, "quantity": pl.Float64, "unit": pl.String, "emission_factor": pl.Float64, "carbon_content": pl.Float64},
    )
    [estimate] = add_stake(rows, load_sources()["enterprise_process"])["estimate_tco2e"]
    assert estimate == (None if tonnes is None else pytest.approx(tonnes))
