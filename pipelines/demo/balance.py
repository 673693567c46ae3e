"""The energy balance of a year (P303-1, physical units), from the enterprises' own use and what lies outside the register.

Every column satisfies: supply = its parts, transformation = its parts, final use = its parts,
difference = supply + transformation - losses - final use, consumption total = final use + losses + transformation input.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from pipelines.demo.activity import Activity, FuelUse
from pipelines.demo.grid import DECIMALS as GRID_DECIMALS
from pipelines.demo.grid import PowerSystem
from pipelines.demo.months import Window, year_of
from pipelines.demo.world import World

# Names of the enterprise form -> column of the balance.
_COLUMN = {
    "无烟煤": "raw_coal",
    "炼焦烟煤": "raw_coal",
    "一般烟煤": "raw_coal",
    "洗精煤": "cleaned_coal",
    "其他洗煤": "other_washed_coal",
    "焦炭": "coke",
    "焦炉煤气": "coke_oven_gas",
    "汽油": "gasoline",
    "柴油": "diesel",
    "液化石油气": "lpg",
    "天然气(气态)": "natural_gas",
    "煤层气(煤田)": "natural_gas",
    "煤矸石用于燃料": "other_energy",
    "生物质废料用于燃料": "other_energy",
    "其它工业废料用于燃料": "other_energy",
    "树皮": "other_energy",
}
_COALS = ("raw_coal", "cleaned_coal", "other_washed_coal", "briquette")
_OILS = ("gasoline", "kerosene", "diesel", "lpg")
# Column: Chinese name, unit, decimals.
COLUMNS: dict[str, tuple[str, str, int]] = {
    "coal_total": ("煤合计", "万吨", 2),
    "raw_coal": ("原煤", "万吨", 2),
    "cleaned_coal": ("洗精煤", "万吨", 2),
    "other_washed_coal": ("其他洗煤", "万吨", 2),
    "briquette": ("型煤", "万吨", 2),
    "coke": ("焦炭", "万吨", 2),
    "coke_oven_gas": ("焦炉煤气", "亿立方米", 4),
    "other_coking": ("其他焦化产品", "万吨", 2),
    "petroleum_total": ("油品合计", "万吨", 2),
    "gasoline": ("汽油", "万吨", 2),
    "kerosene": ("煤油", "万吨", 2),
    "diesel": ("柴油", "万吨", 2),
    "lpg": ("液化石油气", "万吨", 2),
    "natural_gas": ("天然气", "亿立方米", 4),
    "lng": ("液化天然气", "万吨", 2),
    "heat": ("热力", "百亿千焦", 2),
    "electricity": ("电力", "亿千瓦时", GRID_DECIMALS),
    "other_energy": ("其他能源", "万吨标准煤", 2),
}
ITEMS: dict[str, str] = {
    "supply": "一.可供本地区消费的能源量",
    "production": "1.一次能源生产量",
    "recovered": "2.回收能",
    "inflow": "3.外省(区、市)调入量",
    "outflow": "6.本省(区、市)调出量(-)",
    "stock": "9.库存增(-)、减(+)量",
    "transformation": "二.加工转换投入(-)产出(+)量",
    "power": "1.火力发电",
    "heat": "2.供热",
    "washing": "3.洗选煤",
    "coking": "4.炼焦",
    "briquettes": "7.煤制品加工",
    "losses": "三.损失量",
    "final": "四.终端消费量",
    "agriculture": "1.农、林、牧、渔、水利业",
    "industry": "2.工业",
    "feedstock": "#用作原料、材料",
    "construction": "3.建筑业",
    "transport": "4.交通运输、仓储和邮政业",
    "trade": "5.批发、零售业和住宿、餐饮业",
    "household": "6.生活消费",
    "urban": "城镇",
    "rural": "乡村",
    "other_services": "7.其他",
    "difference": "五.平衡差额",
    "total": "六.消费量合计",
}
_SUPPLY = ("production", "recovered", "inflow", "outflow", "stock")
_TRANSFORMATION = ("power", "heat", "washing", "coking", "briquettes")
_FINAL = ("agriculture", "industry", "construction", "transport", "trade", "urban", "rural", "other_services")
_GJ_PER_TCE = 29.3076

Cells = dict[tuple[str, str], int]  # (item, column) -> integer of the column's last decimal
SectorTable = dict[tuple[str, str, str], int]  # (industry or feedstock, division, column) -> the same


def make_balance(world: World, window: Window, year: int, activities: list[Activity], power: PowerSystem) -> Cells:
    """The non-zero cells of one year's balance."""
    cells = _Balance(world, window, year, activities, power).compute()
    return {key: value for key, value in cells.items() if value}


def make_sector_table(world: World, window: Window, year: int, activities: list[Activity], power: PowerSystem) -> SectorTable:
    """The non-zero cells of the table of final use by industry division that goes with the year's balance.

    It holds what the enterprises of the register use, raised by what lies below the reporting threshold; what industry buys of the
    coking plants' gas and products is in the balance only, so that the two differ, as they do in the yearbooks.
    """
    balance = _Balance(world, window, year, activities, power)
    more = 1 + balance.outside["uncovered_industry"]
    rounded = {key: round(value * more * 10 ** COLUMNS[key[2]][2]) for key, value in balance.by_division.items()}
    return {key: value for key, value in sorted(rounded.items()) if value}


class _Balance:
    """Adds up quantities as floats in the balance's units, rounds every leaf once, then closes each column in integers."""

    def __init__(self, world: World, window: Window, year: int, activities: list[Activity], power: PowerSystem) -> None:
        self.outside = world.settings["outside_register"]
        self.final_use = world.settings["grid"]["final_use"]
        self.loss_share = world.settings["grid"]["loss_share"]
        self.year = year
        self.power = power
        self.mask = np.array([year_of(month) == year for month in window.computed])
        self.raw: dict[tuple[str, str], float] = defaultdict(float)
        self.by_division: dict[tuple[str, str, str], float] = defaultdict(float)
        for activity in activities:
            self._register(activity)
        for item, fuels in self.outside["cells"].items():
            for column, value in fuels.items():
                self.raw[item, column] += value

    def _register(self, activity: Activity) -> None:
        heat_output = self._sum(activity.heat_sold) / 1e4
        self.raw["heat", "heat"] += heat_output
        bought = self._sum(activity.heat_bought) / 1e4
        self.raw["industry", "heat"] += bought
        for use in activity.fuels:
            self._fuel(use, activity.enterprise.industry[:2])

    def _sum(self, values: np.ndarray | None) -> float:
        return 0.0 if values is None else float(values[self.mask].sum())

    def _industry(self, item: str, division: str, column: str, quantity: float) -> None:
        self.raw[item, column] += quantity
        self.by_division[item, division, column] += quantity

    def _fuel(self, use: FuelUse, division: str) -> None:
        column = _COLUMN[use.energy]
        factor = np.full(len(self.mask), 1e-4)
        if column == "other_energy":
            factor = factor * (use.ncv if use.ncv is not None else 0) / _GJ_PER_TCE
        consumed, feedstock, input_, produced, rise = (
            self._sum(array * factor)
            for array in (use.consumed, use.feedstock, use.transformation, use.produced, use.stock_rise)
        )
        if column != "other_energy":
            self.raw["stock", column] -= rise
        if use.role == "power" or use.captive:
            self._burned_for_power(column, consumed)
        elif use.role in ("mining", "coking"):
            self._converted(use.role, column, input_, produced)
            self._industry("industry", division, column, consumed - input_)
            if column == "coke_oven_gas":  # what the coking plants sell is burned by industry in the province
                self.raw["industry", column] += (produced - consumed) / (1 + self.outside["uncovered_industry"])
        elif use.role == "industry":
            self._industry("industry", division, column, consumed)
            self._industry("feedstock", division, column, feedstock)
        else:
            self.raw["transport" if use.role == "transport" else "other_services", column] += consumed

    def _burned_for_power(self, column: str, consumed: float) -> None:
        heat = self.outside["heat_share"] * consumed if column == "raw_coal" else 0.0
        self.raw["power", column] -= consumed - heat
        self.raw["heat", column] -= heat

    def _converted(self, role: str, column: str, input_: float, produced: float) -> None:
        more = 1 + self.outside["uncovered_mining"] if role == "mining" else 1.0
        item = "washing" if role == "mining" else "coking"
        if role == "mining" and column == "raw_coal":
            self.raw["production", column] += produced * more
            self.raw[item, column] -= input_ * more
        else:
            self.raw[item, column] += (produced - input_) * more
        if role == "coking" and column == "coke":
            self.raw[item, "other_coking"] += 0.055 * produced

    def compute(self) -> Cells:
        """All rows and columns."""
        more = 1 + self.outside["uncovered_industry"]
        for key in [key for key in self.raw if key[0] in ("industry", "feedstock")]:
            self.raw[key] *= more
        self._briquettes()
        self.raw["industry", "other_coking"] += 0.8 * self.raw["coking", "other_coking"]
        self.cells: Cells = defaultdict(int)
        for (item, column), value in self.raw.items():
            self.cells[item, column] += round(value * 10 ** COLUMNS[column][2])
        self._electricity()
        self._heat()
        for column in COLUMNS:
            if column not in ("coal_total", "petroleum_total"):
                self._close(column)
        self._sum_columns("coal_total", _COALS)
        self._sum_columns("petroleum_total", _OILS)
        return self.cells

    def _briquettes(self) -> None:
        made = sum(self.raw[item, "briquette"] for item in _FINAL)
        self.raw["briquettes", "briquette"] += made
        self.raw["briquettes", "raw_coal"] -= 0.95 * made

    def _electricity(self) -> None:
        system, year, column = self.power, self.year, "electricity"
        for source, values in system.generation.items():
            thermal = source in ("火电", "生物质")
            self.cells["power" if thermal else "production", column] += system.of_year(values, year)
        self.cells["inflow", column] = sum(system.of_year(values, year) for values in system.inflow.values())
        self.cells["outflow", column] = -sum(system.of_year(values, year) for values in system.outflow.values())
        consumption = system.of_year(system.consumption, year)
        self.cells["losses", column] = round(consumption * self.loss_share)
        final = consumption - self.cells["losses", column]
        for item, share in self.final_use.items():
            self.cells[item, column] = round(final * share)
        self.cells["industry", column] = final - sum(self.cells[item, column] for item in self.final_use)

    def _heat(self) -> None:
        used = sum(self.cells[item, "heat"] for item in _FINAL)
        made = self.cells["heat", "heat"]
        self.cells["losses", "heat"] = round(used * 0.011)
        self.cells["recovered", "heat"] = max(0, used + self.cells["losses", "heat"] - made)
        self.cells["industry", "heat"] += max(0, made - used - self.cells["losses", "heat"])

    def _close(self, column: str) -> None:
        """What is short comes from other provinces, what is left goes there; a small difference stays for raw coal."""
        get = self.cells
        final = sum(get[item, column] for item in _FINAL)
        transformation = sum(get[item, column] for item in _TRANSFORMATION)
        difference = round(get["production", column] * 0.004) if column == "raw_coal" else 0
        if column == "other_energy":
            get["recovered", column] += final + get["losses", column] - transformation
        need = difference + final + get["losses", column] - transformation - sum(get[item, column] for item in _SUPPLY)
        get["inflow" if need > 0 else "outflow", column] += need
        get["final", column] = final
        get["transformation", column] = transformation
        get["supply", column] = sum(get[item, column] for item in _SUPPLY)
        get["household", column] = get["urban", column] + get["rural", column]
        get["difference", column] = get["supply", column] + transformation - get["losses", column] - final
        inputs = -sum(min(0, get[item, column]) for item in _TRANSFORMATION)
        get["total", column] = final + get["losses", column] + inputs

    def _sum_columns(self, total: str, parts: tuple[str, ...]) -> None:
        for item in ITEMS:
            if item != "total":
                self.cells[item, total] = sum(self.cells[item, part] for part in parts)
        net_input = -min(0, self.cells["transformation", total])
        self.cells["total", total] = self.cells["final", total] + self.cells["losses", total] + net_input
