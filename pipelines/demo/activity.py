"""What an enterprise reports month by month: fuels, process, power and heat, output, from the recipe of its sector.

All months come from noise that is indexed by the calendar month, so a shorter or later window repeats the same values.
Quantities are integers of the last written decimal: opening stock = last closing stock, and
consumed = opening + purchased + produced - sold - used elsewhere - closing, exactly as written.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from pipelines.demo.enterprises import Enterprise
from pipelines.demo.months import Window, first_day, label
from pipelines.demo.series import Series, decimal_texts, make_series, scaled
from pipelines.demo.world import World

_MIDDLE = 0.3  # how far from its bounds a level stays at least, as a share of the width between them
_CHANNELS = 64
_PARAMETER_NOISE = {"ncv": 0.015, "cc": 0.004, "carbon": 0.004, "purity": 0.004}
_STEAM_ENTHALPY = 2943.0  # kJ/kg at 1.0 MPa absolute, 250 C
_WATER_ENTHALPY = 83.74  # kJ/kg at 20 C
_FUEL_CODES = {
    "无烟煤": "anthracite",
    "洗精煤": "cleaned_coal",
    "焦炭": "coke",
    "柴油": "diesel",
    "天然气(气态)": "natural_gas",
}
# Spellings of units by the style of an enterprise; a spelling with a power of ten is written with as many more decimals.
_MASS = ("t", "t", "t", "t", "吨", "吨", "吨", "", "万吨", "吨")
_GAS = ("1e4 Nm3", "万标立方米", "1e4 Nm3", "万立方米", "万立方米", "万立方米", "万标立方米", "", "1e4 Nm3", "万立方米")
_POWER = ("MWh", "MWh", "MWh", "MWh", "MWh", "万千瓦时", "万千瓦时", "", "兆瓦时", "万千瓦时")
_HEAT = ("GJ", "GJ", "百万千焦", "吉焦", "GJ", "百万千焦", "GJ", "", "GJ", "百万千焦")
_MEAN_LOAD = 0.5  # of the capacity over all hours of the reference year
_LOAD = 0.75  # of the capacity while a unit runs
_UNIT_SIZES = (6, 12, 25, 50, 100, 135, 200, 300, 330, 350, 600, 660, 1000)  # MW, standard sizes
_LARGEST_UNIT = 660  # MW, as far as the province has them
_MOST_UNITS = 4  # of the largest size: no plant of the province has more
_ONE_UNIT = 200  # MW up to which a plant has a single unit
_MORE_DECIMALS = {"万吨": 4, "万千瓦时": 1}


@dataclass
class FuelUse:
    """Monthly use of one fuel by one enterprise, t or 1e4 Nm3: what the provincial energy balance is built from."""

    role: str  # the sector's place in the balance
    energy: str
    captive: bool  # burned in a captive power plant
    consumed: np.ndarray
    feedstock: np.ndarray
    transformation: np.ndarray
    produced: np.ndarray
    stock_rise: np.ndarray
    ncv: np.ndarray | None


@dataclass
class Burned:
    """A fuel as one enterprise burned it, for its power units: t x 100, GJ/t, tC/GJ; carbon only where it is measured."""

    energy: str
    unit_code: str
    consumed: np.ndarray
    ncv: np.ndarray | None
    carbon: np.ndarray | None


@dataclass
class Activity:
    """All rows of one enterprise. Arrays cover the computed months, series the delivered ones.

    Attributes:
        output: production in the unit of the sector's recipe; heat_bought: GJ; heat_sold: GJ; power_bought: MWh;
        certificates: (number, month, whole MWh) of the green power bought; supplied: MWh that its power units sent out, of `unit_class`.
    """

    enterprise: Enterprise
    output: np.ndarray
    series: list[Series] = field(default_factory=list)
    fuels: list[FuelUse] = field(default_factory=list)
    heat_bought: np.ndarray | None = None
    heat_sold: np.ndarray | None = None
    power_bought: np.ndarray | None = None
    certificates: list[tuple[str, int, int]] = field(default_factory=list)
    supplied: np.ndarray | None = None
    unit_class: str = ""


def make_activity(world: World, window: Window, seed: int, enterprise: Enterprise, suppliers: list[str]) -> Activity:
    """The reports of one enterprise. `suppliers` are the credit codes of plants that sell heat."""
    return _Reporter(world, window, seed, enterprise, suppliers).report()


class _Reporter:
    """Builds one enterprise's rows; index 0 of every array is the month before the window (its closing stock opens it)."""

    def __init__(self, world: World, window: Window, seed: int, enterprise: Enterprise, suppliers: list[str]) -> None:
        self.window = window
        self.enterprise = enterprise
        self.suppliers = suppliers
        self.skip = window.delivered_from - window.computed_from
        months = np.arange(window.computed_from - 1, window.last + 1)
        first_days = [first_day(month) for month in [*months.tolist(), window.last + 1]]
        self.month_hours = np.array([24.0 * (after - day).days for day, after in pairwise(first_days)])
        generator = np.random.default_rng([seed, enterprise.number, 1])
        noise = generator.random((window.last + 1, _CHANNELS))[window.computed_from - 1 :]
        self.noise = 2 * noise - 1
        self.channel = 0
        self.ratios: dict[str, np.ndarray] = {}
        self.burned: list[Burned] = []
        self.bought = np.zeros(len(months), dtype=np.int64)  # MWh x 1000
        season = world.seasons[enterprise.sector.season][months % 12]
        reference = (world.reference_year - 2010) * 12 + 5.5
        trend = (1 + enterprise.growth) ** ((months - reference) / 12)
        self.nominal = enterprise.output / 12 * trend
        self.output = self.nominal * season * (1 + 0.03 * self._z())
        self.activity = Activity(enterprise, self.output[1:])

    def report(self) -> Activity:
        sector = self.enterprise.sector
        units = self._units()
        for spec in sector.fuels:
            if self.enterprise.holds(spec.get("if")):
                for name, share in units if spec.get("per_unit") else [(spec.get("unit_code", ""), 1.0)]:
                    self._fuel(spec, name, share)
        for spec in sector.process:
            if self.enterprise.holds(spec.get("if")):
                self._process(spec)
        for spec in sector.power:
            if self.enterprise.holds(spec.get("if")):
                self._power(spec)
        for spec in sector.products:
            for name, share in units if spec.get("per_unit") else [("", 1.0)]:
                self._product(spec, name, share)
        self._value()
        if sector.units is not None:
            self._power_units(units, sector.units)
        return self.activity

    # -- drawing ---------------------------------------------------------------------------------------------------

    def _z(self) -> np.ndarray:
        """The next noise channel, -1 to 1 by month."""
        self.channel += 1
        return self.noise[:, (self.channel - 1) % _CHANNELS]

    def _vary(self, bounds: list[float], relative: float) -> np.ndarray:
        """A level drawn in the middle of the bounds (so that no enterprise is far from what its sector is expected to emit), varied from month to month by at most `relative`, never beyond the bounds."""
        low, high = bounds
        width = high - low
        level = float(self.enterprise.draws.uniform(low + _MIDDLE * width, high - _MIDDLE * width)) if width else low
        return level + min(relative * level, 0.14 * width) * self._z()

    def _ratio(self, spec: dict[str, Any], key: str = "per_output") -> np.ndarray:
        """Quantity per unit of output by month; a named ratio is drawn once and shared."""
        name = spec.get("draw")
        if name is None or name not in self.ratios:
            bounds = spec[key]
            ratio = (
                np.full(len(self.output), float(bounds))
                if isinstance(bounds, int | float)
                else self._vary(bounds, 0.012)
            )
            if name is None:
                return ratio
            self.ratios[name] = ratio
        ratio = self.ratios[name]
        return (1 - ratio) if spec.get("complement") else ratio * spec.get("times", 1)

    def _units(self) -> list[tuple[str, float]]:
        """Emission units with their share of the output; one blank unit where the sector has none."""
        sector = self.enterprise.sector
        if not sector.unit_name:
            return [("", 1.0)]
        count, _ = unit_sizes(self.enterprise.output)
        weights = self.enterprise.draws.uniform(0.92, 1.08, max(4, count))[:count]
        return [(f"{i + 1}{sector.unit_name}", float(w / weights.sum())) for i, w in enumerate(weights)]

    # -- writing ---------------------------------------------------------------------------------------------------

    def _texts(self, values: np.ndarray, decimals: int) -> list[str]:
        """Scaled integers of the months (without the one before the window) as texts of the delivered months."""
        return decimal_texts(values[1 + self.skip :].tolist(), decimals)

    def _add(self, source: str, constants: dict[str, str], columns: dict[str, list[str]]) -> None:
        self.activity.series.append(make_series(source, {"uscc": self.enterprise.uscc, **constants}, columns))

    def _fuel(self, spec: dict[str, Any], unit_code: str, share: float) -> None:
        gas = bool(spec.get("gas"))
        decimals = 4 if gas else 2
        unit = (_GAS if gas else _MASS)[self.enterprise.style]
        written = decimals + _MORE_DECIMALS.get(unit, 0)
        ncv = self._vary(spec["ncv"], _PARAMETER_NOISE["ncv"]) if "ncv" in spec else None
        ratio = self._vary(spec["gj_per_output"], 0.01) / ncv if "gj_per_output" in spec else self._ratio(spec)
        consumed = scaled(self.output * share * ratio, decimals)
        produced = scaled(self.output * share * spec.get("produced", 0), decimals)
        base = self.nominal * share * (spec["produced"] if spec.get("produced") else ratio)
        flows = self._stock(
            spec, consumed, produced, scaled(base * spec.get("stock", 0) * (1 + 0.15 * self._z()), decimals)
        )
        flows["feedstock"] = np.rint(consumed * spec.get("feedstock", 0)).astype(np.int64)
        flows["transformation_input"] = np.rint(consumed * spec.get("transformation", 0)).astype(np.int64)
        columns = {"consumed": self._texts(consumed, written)}
        for name, values in flows.items():
            if name not in ("feedstock", "transformation_input") or values.any():
                columns[name] = self._texts(values, written)
        constants, carbon = self._parameters(spec, ncv, gas, columns)
        self.burned.append(Burned(spec["energy"], unit_code, consumed, ncv, carbon))
        energy = spec["energy"]
        if self.enterprise.style == 9:
            energy = _FUEL_CODES.get(energy, energy)
        constants |= {
            "unit_code": unit_code,
            "energy": energy,
            "stream": spec.get("stream", ""),
            "unit": unit,
            "basis": spec.get("basis", "台账"),
        }
        self._add("enterprise_energy", constants, columns)
        self._use(spec, consumed, produced, flows, ncv, 10**decimals)

    @staticmethod
    def _stock(
        spec: dict[str, Any], consumed: np.ndarray, produced: np.ndarray, closing: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Purchases or sales that close the balance; index 0 has no opening stock and is never written."""
        zero = np.zeros_like(consumed)
        if not spec.get("stock"):
            if spec.get("produced"):
                return {"produced": produced, "sold": produced - consumed}
            return {"purchased": consumed}
        opening = np.concatenate([closing[:1], closing[:-1]])
        if spec.get("produced"):
            sold = opening + produced - consumed - closing
            return {
                "opening_stock": opening,
                "purchased": zero,
                "produced": produced,
                "sold": sold,
                "used_elsewhere": zero,
                "closing_stock": closing,
            }
        purchased = consumed + closing - opening
        return {
            "opening_stock": opening,
            "purchased": purchased,
            "produced": zero,
            "sold": zero,
            "used_elsewhere": zero,
            "closing_stock": closing,
        }

    def _measures(self, spec: dict[str, Any], what: str) -> bool:
        """True when the enterprise measures that parameter of the fuel."""
        condition = spec.get(f"{what}_if")
        return what in spec and condition is not None and (condition == "always" or self.enterprise.holds(condition))

    def _parameters(
        self, spec: dict[str, Any], ncv: np.ndarray | None, gas: bool, columns: dict[str, list[str]]
    ) -> tuple[dict[str, str], np.ndarray | None]:
        """Fill the measured parameters into the columns; returns the constant texts that go with them, and the carbon content."""
        style = self.enterprise.style
        constants: dict[str, str] = {"parameter_basis": "缺省"}
        if ncv is not None and self._measures(spec, "ncv"):
            in_kj = style == 5 and not gas
            columns["ncv"] = self._texts(scaled(ncv, 3), 0 if in_kj else 3)
            named = "GJ/1e4Nm3" if gas else "GJ/t"
            constants["ncv_unit"] = "kJ/kg" if in_kj else (named if style % 2 else "")
            constants["parameter_basis"] = "实测"
        measured = None
        content = self._vary(spec["cc"], _PARAMETER_NOISE["cc"]) if "cc" in spec else None
        if content is not None and self._measures(spec, "cc"):
            in_tj = style == 4
            measured = content
            columns["carbon_content"] = self._texts(scaled(content, 5), 2 if in_tj else 5)
            constants["carbon_content_unit"] = "tC/TJ" if in_tj else ("tC/GJ" if style % 2 else "")
        rate = float(self.enterprise.draws.uniform(*spec["of"])) if "of" in spec else None
        if rate is not None and self._measures(spec, "of"):
            constants["oxidation_rate"] = f"{rate:.1f}"
        if "fossil_share" in spec:
            constants["fossil_share"] = str(spec["fossil_share"])
        return constants, measured

    def _use(
        self,
        spec: dict[str, Any],
        consumed: np.ndarray,
        produced: np.ndarray,
        flows: dict[str, np.ndarray],
        ncv: np.ndarray | None,
        scale: int,
    ) -> None:
        stock_rise = (
            flows["closing_stock"] - flows["opening_stock"] if "closing_stock" in flows else np.zeros_like(consumed)
        )
        sector = self.enterprise.sector
        self.activity.fuels.append(
            FuelUse(
                role=sector.balance,
                energy=spec["energy"],
                captive=bool(spec.get("captive")),
                consumed=consumed[1:] / scale,
                feedstock=flows["feedstock"][1:] / scale,
                transformation=flows["transformation_input"][1:] / scale,
                produced=produced[1:] / scale,
                stock_rise=stock_rise[1:] / scale,
                ncv=None if ncv is None else ncv[1:],
            )
        )

    def _process(self, spec: dict[str, Any]) -> None:
        decimals = spec.get("decimals", 4 if spec.get("gas") or spec["item"].startswith(("ch4_", "co2_vent")) else 2)
        if "constant" in spec:
            choice = spec["constant"][int(self.enterprise.draws.integers(len(spec["constant"])))]
            quantity = np.full(len(self.output), float(choice))
        elif "value" in spec:
            quantity = self._ratio(spec, "value")
        else:
            quantity = self._ratio(spec) * self.output
        columns = {"quantity": self._texts(scaled(quantity, decimals), decimals)}
        for key, column, places in (
            ("carbon", "carbon_content", 4),
            ("purity", "purity", 2),
            ("ef", "emission_factor", 4),
        ):
            if key in spec:
                columns[column] = self._texts(
                    scaled(self._vary(spec[key], _PARAMETER_NOISE.get(key, 0.004)), places), places
                )
        item = spec["item"] if self.enterprise.style % 2 else spec["zh"]
        self._add("enterprise_process", {"role": spec["role"], "item": item, "unit": self._item_unit(spec)}, columns)

    def _item_unit(self, spec: dict[str, Any]) -> str:
        """The unit of an item: blank means its unit in the vocabulary; masses are sometimes spelled out."""
        in_tonnes = (
            not spec.get("gas")
            and "per_output" in spec
            and "decimals" not in spec
            and not spec["item"].startswith(("ch4_", "co2_vent"))
        )
        return ("t", "吨", "")[self.enterprise.style % 3] if in_tonnes else ""

    def _power(self, spec: dict[str, Any]) -> None:
        power = spec["carrier"] == "电力"
        unit = (_POWER if power else _HEAT)[self.enterprise.style]
        decimals = 3 if power else 2
        written = decimals + _MORE_DECIMALS.get(unit, 0)
        quantity = scaled(self.output * self._ratio(spec), decimals)
        constants = {"carrier": spec["carrier"], "direction": spec["direction"], "unit": unit}
        if not power:
            self._note_heat(spec, quantity / 10**decimals)
        elif spec["direction"] == "购入":
            self.bought = quantity
            self.activity.power_bought = quantity[1:] / 10**decimals
        if spec.get("green"):
            quantity = quantity - self._green(constants, quantity, written)
        columns = {"quantity": self._texts(quantity, written)}
        if spec.get("steam"):
            steam = quantity / 10**decimals * 1000 / (_STEAM_ENTHALPY - _WATER_ENTHALPY)
            columns["steam_t"] = self._texts(scaled(steam, 1), 1)
            constants |= {"steam_temp_c": "250", "steam_pressure_mpa": "1.0"}
        if spec.get("supplier") and self.suppliers:
            constants["supplier_uscc"] = self.suppliers[self.enterprise.number % len(self.suppliers)]
        self._add("enterprise_power_heat", {**constants, "origin": spec["origin"]}, columns)

    def _note_heat(self, spec: dict[str, Any], quantity: np.ndarray) -> None:
        if spec["direction"] == "购入":
            self.activity.heat_bought = quantity[1:]
        elif spec["direction"] == "外供":
            self.activity.heat_sold = quantity[1:]

    def _green(self, constants: dict[str, str], quantity: np.ndarray, written: int) -> np.ndarray:
        """Rows of green power with their certificates; returns what they take from the purchase."""
        taken = np.zeros_like(quantity)
        months = self.window.delivered
        for kind, (origin, part) in enumerate(self.enterprise.green.items(), 1):
            bought = np.maximum(1, np.rint(quantity * part * (1 + 0.1 * self._z()))).astype(np.int64)
            taken += bought
            certificates = [f"DEMO-GEC-{self.enterprise.uscc[8:17]}-{label(month)}-{kind}" for month in months]
            columns = {"quantity": self._texts(bought, written), "certificate_id": certificates}
            whole = np.ceil(bought[1 + self.skip :] / 1000).astype(int).tolist()
            self.activity.certificates += list(zip(certificates, months, whole, strict=True))
            self._add("enterprise_power_heat", {**constants, "origin": origin}, columns)
        return taken

    def _product(self, spec: dict[str, Any], unit_code: str, share: float) -> None:
        quantity = scaled(self.output * share * self._ratio(spec), 2)
        constants = {"unit_code": unit_code, "item": spec["item"], "unit": spec["unit"]}
        self._add("enterprise_output", constants, {"quantity": self._texts(quantity, 2)})

    def _value(self) -> None:
        """Gross output and value added, 1e4 CNY, where the sector has a price."""
        sector = self.enterprise.sector
        if sector.value is None or sector.added is None:
            return
        gross = self.output * sector.value / 1e4 * (1 + 0.02 * self._z())
        added = gross * self._vary(sector.added, 0.02)
        for item, values in (("工业总产值", gross), ("工业增加值", added)):
            self._add(
                "enterprise_output", {"item": item, "unit": "万元"}, {"quantity": self._texts(scaled(values, 2), 2)}
            )

    # -- power units -----------------------------------------------------------------------------------------------

    def _power_units(self, units: list[tuple[str, float]], spec: dict[str, Any]) -> None:
        """Rows of power_unit_month: what the enterprise burned, bought and made, handed out to its units without a remainder."""
        count, capacity = unit_sizes(self.enterprise.output, spec.get("largest_mw", _LARGEST_UNIT))
        if not self.enterprise.sector.unit_name:  # the fuel is reported for the plant
            units = [(f"{i + 1}号机组", 1 / count) for i in range(count)]
        self.activity.supplied, self.activity.unit_class = self.output[1:] * (1 - self.ratios["own_use"])[1:], self._class(spec, capacity)
        shares = [share for _, share in units]
        coal = [fuel for fuel in self.burned if fuel.energy != "柴油"]
        # what is reported for a unit is its own; what is reported for the whole plant is handed out
        burned = [
            [(fuel.consumed if fuel.unit_code == name else None) for name, _ in units] if fuel.unit_code
            else _hand_out(fuel.consumed, shares)
            for fuel in coal
        ]
        oil = sum((fuel.consumed for fuel in self.burned if fuel.energy == "柴油"), np.zeros(len(self.output), dtype=np.int64))
        oils, bought = _hand_out(oil, shares), _hand_out(self.bought, shares)
        heat_ratio = self.ratios.get("heat")
        heats = None if heat_ratio is None else _hand_out(scaled(self.output * heat_ratio, 2), shares)
        for number, (name, share) in enumerate(units):
            parts = [(fuel, part) for fuel, of in zip(coal, burned, strict=True) if (part := of[number]) is not None]
            tonnes = np.sum([part for _, part in parts], axis=0)
            energy = np.sum([part * _written(fuel.ncv, 3) for fuel, part in parts], axis=0)
            generation = scaled(self.output * share, 2)
            hours = np.minimum(self.month_hours, generation / 100 / (capacity * _LOAD) * (1 + 0.03 * self._z()))
            columns: dict[str, tuple[np.ndarray, int]] = {
                "coal_t": (tonnes, 2),
                "ncv_gj_per_t": (scaled(energy / tonnes, 5), 5),
                "startup_oil_t": (oils[number], 2),
                "purchased_mwh": (bought[number], 3),
                "generation_mwh": (generation, 2),
                "supply_mwh": (scaled(self.output * share * (1 - self.ratios["own_use"]), 2), 2),
                "hours": (scaled(hours, 1), 1),
            }
            constants = {"unit_code": name, "capacity_mw": str(capacity), "cooling": "水冷", "unit_class": self.activity.unit_class}
            if all(fuel.carbon is not None for fuel, _ in parts):
                carbon = np.sum([part * _written(fuel.ncv, 3) * _written(fuel.carbon, 5) for fuel, part in parts], axis=0)
                columns["carbon_tc_per_t"] = (scaled(carbon / tonnes, 7), 7)
                constants["oxidation_rate"] = "99"
            if heats is not None:
                columns["heat_gj"] = (heats[number], 2)
                columns["heat_ratio"] = (scaled(heats[number] / energy, 4), 4)
            self._add("power_unit_month", constants, {key: self._texts(*value) for key, value in columns.items()})

    def _class(self, spec: dict[str, Any], capacity: int) -> str:
        for trait, named in spec.get("class_if", {}).items():
            if self.enterprise.holds(trait):
                return str(named)
        return str(spec.get("class", "coal_gt300" if capacity > 300 else "coal_le300"))


def unit_sizes(output: float, largest: int = _LARGEST_UNIT) -> tuple[int, int]:
    """Number and capacity (MW) of the equal units that make so many MWh a year at the mean load: two where one would be large.

    A plant beyond the largest real ones (few enterprises that make a whole province's power) keeps `_MOST_UNITS`, of no standard size:
    a row for each of dozens of equal units would make its digits look invented.
    """
    needed = output / 8760 / _MEAN_LOAD
    count = max(1 if needed <= _ONE_UNIT else 2, math.ceil(needed / largest))
    if largest == _LARGEST_UNIT and count > _MOST_UNITS:
        return _MOST_UNITS, 10 * math.ceil(needed / _MOST_UNITS / 10)
    return count, next(size for size in _UNIT_SIZES if size >= needed / count or size == largest)


def _hand_out(total: np.ndarray, shares: list[float]) -> list[np.ndarray]:
    """Whole numbers by share that add up to the total: the last unit takes the remainder."""
    parts = [np.floor(total * share).astype(np.int64) for share in shares[:-1]]
    return [*parts, total - sum(parts, np.zeros_like(total))]


def _written(values: np.ndarray | None, decimals: int) -> np.ndarray:
    """Values as they stand in the file."""
    assert values is not None
    return np.asarray(scaled(values, decimals) / 10**decimals)
