"""The eight decoupling states cover every elasticity, once."""

from __future__ import annotations

import csv

import pytest

from pipelines.settings import PROJECT

STATES = list(csv.DictReader((PROJECT / "dbt_project" / "seeds" / "decoupling_state.csv").open(encoding="utf-8")))


def _state(gdp_rises: bool, elasticity: float) -> list[str]:
    def inside(row: dict[str, str]) -> bool:
        lower, upper = (float(row[side]) if row[side] else None for side in ("lower", "upper"))
        above = lower is None or elasticity > lower or (row["lower_included"] == "true" and elasticity == lower)
        below = upper is None or elasticity < upper or (row["upper_included"] == "true" and elasticity == upper)
        return above and below and (row["gdp_rises"] == "true") == gdp_rises
    return [row["state"] for row in STATES if inside(row)]


@pytest.mark.parametrize(("elasticity", "rising", "falling"), [
    (-0.1, "strong_decoupling", "strong_negative_decoupling"), (0.0, "weak_decoupling", "weak_negative_decoupling"),
    (0.79, "weak_decoupling", "weak_negative_decoupling"), (0.8, "expansive_coupling", "recessive_coupling"),
    (1.0, "expansive_coupling", "recessive_coupling"), (1.2, "expansive_coupling", "recessive_coupling"),
    (1.21, "expansive_negative_decoupling", "recessive_decoupling"),
])
def test_one_state_each(elasticity: float, rising: str, falling: str) -> None:
    assert (_state(True, elasticity), _state(False, elasticity)) == ([rising], [falling])
