"""The power system: monthly generation by source and exchange with other provinces, in 1e8 kWh.

Thermal generation follows the power plants of the register; generation + inflow - outflow = consumption with losses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pipelines.demo.activity import Activity
from pipelines.demo.months import Window, year_of
from pipelines.demo.world import World

HOME = "520000"
DECIMALS = 4  # of 1e8 kWh
_SCALE = 10**DECIMALS


@dataclass(frozen=True)
class PowerSystem:
    """Integers of 1e-4 x 1e8 kWh by computed month; capacities in 1e4 kW."""

    months: range
    generation: dict[str, np.ndarray]
    capacity: dict[str, np.ndarray]
    inflow: dict[str, np.ndarray]
    outflow: dict[str, np.ndarray]
    consumption: np.ndarray

    def of_year(self, values: np.ndarray, year: int) -> int:
        """Sum over the months of a year."""
        mask = np.array([year_of(month) == year for month in self.months])
        return int(values[mask].sum())


def make_power_system(world: World, window: Window, seed: int, activities: list[Activity]) -> PowerSystem:
    """The monthly power system of the computed months."""
    spec = world.settings["grid"]
    months = np.arange(window.computed_from, window.last + 1)
    rng = np.random.default_rng([seed, 0, 3])
    noise = 2 * rng.random((window.last + 1, 8))[window.computed_from :] - 1
    generation: dict[str, np.ndarray] = {}
    capacity: dict[str, np.ndarray] = {}
    plants = np.zeros(len(months))
    for activity in activities:
        sector = activity.enterprise.sector
        if sector.balance == "power" and sector.key != "power_biomass":
            plants += activity.output
    thermal = spec["thermal"]
    generation["火电"] = _whole(plants / 1e5 * (1 + thermal["uncovered"]))
    capacity["火电"] = np.rint(thermal["capacity"] * _trend(world, months, thermal["growth"]))
    for channel, (source, item) in enumerate(spec["sources"].items()):
        shape = world.seasons[item["season"]][months % 12] * (1 + 0.05 * noise[:, channel])
        generation[source] = _whole(item["generation"] / 12 * shape * _trend(world, months, item["growth"]))
        capacity[source] = np.rint(item["capacity"] * _trend(world, months, item["growth"]))
    use = spec["consumption"]
    load = (
        use["total"]
        / 12
        * world.seasons[use["season"]][months % 12]
        * (1 + 0.01 * noise[:, 6])
        * _trend(world, months, use["growth"])
    )
    inflow = spec["inflow"]
    entering = inflow["total"] / 12 * world.seasons[inflow["season"]][months % 12] * (1 + 0.05 * noise[:, 7])
    incoming = {area: _whole(entering * share) for area, share in inflow["from"].items()}
    return _closed(spec, months, generation, capacity, incoming, _whole(load))


def _closed(
    spec: dict[str, Any],
    months: np.ndarray,
    generation: dict[str, np.ndarray],
    capacity: dict[str, np.ndarray],
    inflow: dict[str, np.ndarray],
    load: np.ndarray,
) -> PowerSystem:
    """What is generated or received and not used leaves the province; a shortage lowers the use (tiny provinces)."""
    available = np.sum(list(generation.values()) + list(inflow.values()), axis=0)
    load = np.minimum(load, available - _SCALE)
    surplus = available - load
    outflow: dict[str, np.ndarray] = {}
    rest = surplus.copy()
    for area, share in list(spec["outflow"].items())[1:]:
        outflow[area] = np.rint(surplus * share).astype(np.int64)
        rest -= outflow[area]
    first = next(iter(spec["outflow"]))
    return PowerSystem(
        range(int(months[0]), int(months[-1]) + 1), generation, capacity, inflow, {first: rest, **outflow}, load
    )


def _trend(world: World, months: np.ndarray, growth: float) -> np.ndarray:
    return (1 + growth) ** (2010 + months / 12 - world.reference_year - 0.5)


def _whole(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.rint(values * _SCALE).astype(np.int64))
