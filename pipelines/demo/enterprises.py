"""The enterprises of the synthetic province: who they are, where, how large. One random generator per enterprise."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np

from pipelines.demo.credit_code import synthetic_code
from pipelines.demo.world import Prefecture, Sector, World

_LARGEST_SHARE = 0.35  # no enterprise makes more than this share of its sector (where there are enough of them)
_SPREAD = 1.5  # times the mean that the largest one may make, where there are few


@dataclass
class Enterprise:
    """One synthetic enterprise.

    Attributes:
        number: from 1, the second part of its random seed; uscc: begins with X1; output: production in the
        reference year, in the unit of its sector's recipe; growth: a year, fraction; traits: what it has;
        co2_mt: expected fossil CO2 a year (a rough size, for the choice of faulty rows).
        draws: the enterprise's own generator, positioned after the choices made here.
    """

    number: int
    sector: Sector
    uscc: str
    name: str
    prefecture: Prefecture
    division: str
    industry: str
    operating_from: dt.date
    growth: float
    traits: frozenset[str]
    style: int
    draws: np.random.Generator
    output: float = 0.0
    co2_mt: float = 0.0
    green: dict[str, float] = field(default_factory=dict)

    def holds(self, condition: str | None) -> bool:
        """True when every trait that a recipe asks for holds (`!` negates)."""
        return all(
            (name[1:] not in self.traits) if name[0] == "!" else (name in self.traits)
            for name in (condition or "").split()
        )


def make_enterprises(world: World, seed: int, count: int) -> list[Enterprise]:
    """`count` enterprises, sector by sector; the outputs of a sector add up to the province's.

    With too few enterprises for every sector, the present ones are scaled so that the province keeps its CO2.
    Raises ValueError when `count` is not positive.
    """
    if count < 1:
        raise ValueError(f"enterprises must be 1 or more, not {count}")
    result: list[Enterprise] = []
    named: dict[str, int] = {}  # sectors may share a word: names are numbered by word, so that no two are equal
    numbers = _numbers(world, count)
    present = sum(world.sectors[key].co2_mt for key in numbers)
    scale = sum(sector.co2_mt for sector in world.sectors.values()) / present
    for key, members in numbers.items():
        sector = world.sectors[key]
        before = named.get(sector.word, 0)
        named[sector.word] = before + members
        drawn = [_make(world, sector, seed, len(result) + i + 1, before + i + 1, (i, members)) for i in range(members)]
        shares = _shares([weight for _, weight in drawn], _largest_share(sector, scale))
        for (enterprise, _), share in zip(drawn, shares, strict=True):
            enterprise.output = sector.output * share * scale
            enterprise.co2_mt = sector.co2_mt * share * scale
            result.append(enterprise)
    return result


def _numbers(world: World, count: int) -> dict[str, int]:
    """Enterprises per sector: one each where the count allows (largest CO2 first), the rest by largest remainder."""
    order = sorted(world.sectors.values(), key=lambda sector: -sector.co2_mt)
    chosen = {sector.key for sector in order[:count]}
    sectors = [sector for sector in world.sectors.values() if sector.key in chosen]
    rest = count - len(sectors)
    total = sum(sector.count for sector in sectors)
    exact = {sector.key: max(0.0, count * sector.count / total - 1) for sector in sectors}
    exact_total = sum(exact.values()) or 1.0
    quota = {key: rest * value / exact_total for key, value in exact.items()}
    numbers = {key: 1 + int(value) for key, value in quota.items()}
    remainders = sorted(quota, key=lambda key: (int(quota[key]) - quota[key], key))
    for key in remainders[: count - sum(numbers.values())]:
        numbers[key] += 1
    return numbers


def _largest_share(sector: Sector, scale: float) -> float:
    """The greatest share of its sector that an enterprise makes, as the largest real ones do."""
    return min(_LARGEST_SHARE, sector.largest / (sector.output * scale)) if sector.largest else _LARGEST_SHARE


def _shares(weights: list[float], largest: float) -> np.ndarray:
    """Weights as shares of 1, the largest one capped where there are enough enterprises to take the rest."""
    shares = np.array(weights) / np.sum(weights)
    cap = max(largest, _SPREAD / len(weights))
    for _ in range(20):
        over = shares > cap
        if not over.any() or over.all():
            break
        excess = float(np.sum(shares[over] - cap))
        shares[over] = cap
        shares[~over] *= 1 + excess / float(np.sum(shares[~over]))
    return np.asarray(shares)


def _make(world: World, sector: Sector, seed: int, number: int, rank: int, stratum: tuple[int, int]) -> tuple[Enterprise, float]:
    """One enterprise and its weight within the sector; `stratum`: which of how many of the sector it is."""
    draws = np.random.default_rng([seed, number])
    weight = float(np.exp(sector.tail * draws.standard_normal()))
    prefecture = _place(world, sector, (stratum[0] + draws.random()) / stratum[1])
    county = prefecture.counties[int(draws.integers(len(prefecture.counties)))]
    at_prefecture = draws.random() < world.settings["prefecture_level_share"]
    codes = list(sector.industries)
    odds = np.array(list(sector.industries.values()), dtype=float)
    industry = codes[int(np.searchsorted(np.cumsum(odds / odds.sum()), draws.random()))]
    enterprise = Enterprise(
        number=number,
        sector=sector,
        uscc=synthetic_code(prefecture.code, seed, number),
        name=f"{prefecture.name}演示{sector.word}{rank:02d}号(演示数据)",
        prefecture=prefecture,
        division=prefecture.code if at_prefecture else county,
        industry=industry,
        operating_from=dt.date(int(draws.integers(1988, 2010)), int(draws.integers(1, 13)), 1),
        growth=float(draws.uniform(sector.growth[0], sector.growth[1])),
        traits=frozenset(name for name, odds in sector.traits.items() if draws.random() < odds),
        style=int(draws.integers(0, 10)),
        draws=draws,
    )
    for origin, spec in world.settings["green"].items():
        has, part = draws.random() < spec["share"], float(draws.uniform(*spec["part"]))
        if has:
            enterprise.green[origin] = part
    return enterprise, weight


def _place(world: World, sector: Sector, level: float) -> Prefecture:
    """The prefecture at a level, 0 to 1, of the sector's weights: levels spread evenly give every prefecture its share."""
    weights = sector.places or {code: place.weight for code, place in world.prefectures.items()}
    codes = list(weights)
    odds = np.array(list(weights.values()), dtype=float)
    position = int(np.searchsorted(np.cumsum(odds / odds.sum()), level))
    return world.prefectures[codes[min(position, len(codes) - 1)]]
