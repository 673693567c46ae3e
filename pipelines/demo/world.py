"""The data that describe the province: `province.yml` and `sectors.yml`, loaded once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.yaml_text import load_yaml

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Prefecture:
    """A prefecture with its counties (GB/T 2260), the group whose rows are delivered in one file, and the growth of its GDP and population a year."""

    code: str
    name: str
    full: str
    group: str
    weight: float
    gdp: float
    population: float
    growth: list[float]
    counties: list[str]


@dataclass(frozen=True)
class Sector:
    """The recipe of a sector. `output` is the province's production a year in the reference year, in the unit of its recipe."""

    key: str
    word: str
    industries: dict[str, float]
    method: str
    ets: bool
    count: float
    output: float
    co2_mt: float
    tail: float
    season: str
    growth: list[float]
    balance: str
    traits: dict[str, float]
    products: list[dict[str, Any]]
    fuels: list[dict[str, Any]]
    power: list[dict[str, Any]]
    process: list[dict[str, Any]]
    places: dict[str, float] | None = None
    unit_name: str | None = None
    largest: float | None = None
    units: dict[str, Any] | None = None
    value: float | None = None
    added: list[float] | None = None


@dataclass(frozen=True)
class World:
    """Everything that is the same for every seed."""

    prefectures: dict[str, Prefecture]
    sectors: dict[str, Sector]
    seasons: dict[str, np.ndarray]
    settings: dict[str, Any]

    @property
    def groups(self) -> list[str]:
        return list(dict.fromkeys(place.group for place in self.prefectures.values()))

    @property
    def reference_year(self) -> int:
        return int(self.settings["reference_year"])


@cache
def load_world() -> World:
    """The synthetic province's constant data."""
    settings = load_yaml((_HERE / "province.yml").read_text("utf-8"))
    recipes = load_yaml((_HERE / "sectors.yml").read_text("utf-8"))
    prefectures = {code: Prefecture(code=code, **spec) for code, spec in settings.pop("prefectures").items()}
    seasons = {}
    for name, values in settings.pop("seasons").items():
        seasons[name] = np.array(values) / np.mean(values)
    sectors = {key: Sector(key=key, **{"process": [], **spec}) for key, spec in recipes.items()}
    return World(prefectures, sectors, seasons, settings)
