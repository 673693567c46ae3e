"""The provincial sources: energy balance, statistics, power system, factor draft and observations of targets, as deliveries."""

from __future__ import annotations

import datetime as dt
import hashlib
from calendar import monthrange
from math import pi, sin

import numpy as np

from pipelines.contracts.source import load_sources
from pipelines.demo.activity import Activity
from pipelines.demo.balance import COLUMNS, ITEMS, make_balance, make_sector_table
from pipelines.demo.files import Delivery, Layout, content
from pipelines.demo.grid import DECIMALS, HOME, PowerSystem
from pipelines.demo.months import Window, label, year_of
from pipelines.demo.series import decimal_texts
from pipelines.demo.world import World

_STATISTICS_OFFICE = "省级统计部门(演示数据)"
_ENERGY_OFFICE = "省级能源主管部门(演示数据)"
_ENVIRONMENT_OFFICE = "省级生态环境部门(演示数据)"


def provincial_deliveries(
    world: World, window: Window, activities: list[Activity], power: PowerSystem
) -> list[Delivery]:
    """All provincial files, in a fixed order."""
    years = sorted({year_of(month) for month in power.months})
    result: list[Delivery] = []
    for year in years:
        result += [_generation(power, year), _exchange(power, year), *_sold(world, power, year)]
    result += _typical_day(power)
    for year in window.full_years:
        result += [_balance(world, window, year, activities, power), _statistics(world, year), _targets(world, year)]
        result += [_sector_table(world, window, year, activities, power), _activity(world, window, year, activities)]
    result.append(_factor(years[-1]))
    corrected = next(d for d in reversed(result) if d.source == "grid_generation" and d.rows[0][_capacity_place()])
    result.append(_decisions(corrected, _miswrite_capacity(corrected)))
    return result


DECIDED = ("grid_generation",)   # a decision names its batch by its bytes: the file is not spoiled
_MISWRITTEN = 10   # seven times their row is a row of the file that nobody corrects: where a planted correction goes


def _capacity_place() -> int:
    return [column.name for column in load_sources()["grid_generation"].columns].index("capacity")


def _miswrite_capacity(delivery: Delivery) -> list[tuple[int, str]]:
    """Write a unit too much into the capacity of the first rows. Returns (row_no, right value)."""
    place = _capacity_place()
    right = [(delivery.row_no(index), row[place]) for index, row in enumerate(delivery.rows[:_MISWRITTEN])]
    for row in delivery.rows[:_MISWRITTEN]:
        row[place] = str(int(row[place]) + 1)
    return right


def _decisions(delivery: Delivery, right: list[tuple[int, str]]) -> Delivery:
    """The steward's corrections of a delivery, signed by two."""
    batch = f"{delivery.source}-{hashlib.sha256(content(delivery)).hexdigest()[:12]}"
    day = delivery.received_at + dt.timedelta(days=3)
    records = [
        {
            "decision_id": f"演示-{delivery.period}-{number}",
            "target_batch_id": batch,
            "target_row_no": str(row_no),
            "target_column": "装机容量",
            "decision": "更正",
            "new_value": value,
            "reason": "与装机台账核对(演示数据)",
            "by": "数据治理岗甲(演示数据)",
            "second_by": "数据治理岗乙(演示数据)",
            "decided_on": day.date().isoformat(),
        }
        for number, (row_no, value) in enumerate(right, 1)
    ]
    return Delivery(
        "steward_decision",
        f"演示_处置决定_{delivery.period}",
        _rows("steward_decision", records),
        day,
        delivery.period,
        "数据治理岗(演示数据)",
        f"演示数据 处置决定 {delivery.period}",
    )


def _moment(year: int, month: int, day: int, hour: int = 10) -> dt.datetime:
    return dt.datetime(year, month, day, hour, 20)


def _rows(source: str, records: list[dict[str, str]]) -> list[list[str]]:
    names = [column.name for column in load_sources()[source].columns]
    return [[record.get(name, "") for name in names] for record in records]


def _signed(value: int, decimals: int) -> str:
    return decimal_texts([value], decimals)[0]


def _after(power: PowerSystem, year: int) -> dt.datetime:
    """The 18th of the month after the year's last computed month."""
    last = max(month for month in power.months if year_of(month) == year) + 1
    return _moment(year_of(last), last % 12 + 1, 18)


def _months_of(power: PowerSystem, year: int) -> list[tuple[int, str]]:
    return [(index, label(month)) for index, month in enumerate(power.months) if year_of(month) == year]


def _generation(power: PowerSystem, year: int) -> Delivery:
    records = [
        {
            "area": HOME,
            "period": period,
            "source": source,
            "generation": _signed(int(values[index]), DECIMALS),
            "unit": "亿千瓦时",
            "capacity": str(int(power.capacity[source][index])),
            "capacity_unit": "万千瓦",
        }
        for index, period in _months_of(power, year)
        for source, values in power.generation.items()
    ]
    titles: tuple[str, ...] = (f"{year}年分电源发电量及装机(演示数据)", f"填报单位：{_ENERGY_OFFICE}")
    if year == year_of(power.months[-1]):  # the column of units counts, which is told: once is enough
        titles += ("单位：亿千瓦时、万千瓦",)
    document = f"演示数据 分电源发电量 {year}"
    layout = Layout(suffix="xlsx", titles=titles)
    rows = _rows("grid_generation", records)
    return Delivery(
        "grid_generation", f"演示_发电量_{year}", rows, _after(power, year), str(year), _ENERGY_OFFICE, document, layout
    )


def _exchange(power: PowerSystem, year: int) -> Delivery:
    records = []
    for index, period in _months_of(power, year):
        flows = [(HOME, area, values) for area, values in power.outflow.items()] + [
            (area, HOME, values) for area, values in power.inflow.items()
        ]
        for sender, receiver, values in flows:
            quantity = _signed(int(values[index]), DECIMALS)
            records.append(
                {"from_area": sender, "to_area": receiver, "period": period, "quantity": quantity, "unit": "亿千瓦时"}
            )
    rows = _rows("grid_exchange", records)
    return Delivery(
        "grid_exchange",
        f"演示_电力交换_{year}",
        rows,
        _after(power, year),
        str(year),
        _ENERGY_OFFICE,
        f"演示数据 跨省电力交换 {year}",
    )


def _sold(world: World, power: PowerSystem, year: int) -> list[Delivery]:
    """Power sold, year to date, of years computed from January on; January and February come together, so January alone has none."""
    use = 1 - world.settings["grid"]["loss_share"]
    so_far = 0
    records = []
    months = _months_of(power, year)
    for index, period in months if months[0][1].endswith("-01") else []:
        so_far += round(int(power.consumption[index]) * use)
        if not period.endswith("-01"):
            records.append(
                {
                    "division_code": HOME,
                    "indicator": "售电量",
                    "period": period,
                    "period_kind": "累计",
                    "value": _signed(so_far, DECIMALS),
                    "unit": "亿千瓦时",
                }
            )
    rows = _rows("sector_statistics", records)
    document = f"演示数据 售电量 {year}"
    sold = Delivery(
        "sector_statistics", f"演示_售电量_{year}", rows, _after(power, year), str(year), _ENERGY_OFFICE, document
    )
    return [sold] if records else []


def _typical_day(power: PowerSystem) -> list[Delivery]:
    """Hourly generation and exchange of the 15th of the last month: means of the month, the sun by daylight only."""
    index, month = len(power.months) - 1, label(power.months[-1])
    year = year_of(power.months[-1])
    days = monthrange(year, int(month[5:]))[1]
    daylight = [max(0.0, sin(pi * (hour - 6) / 12)) for hour in range(24)]

    def by_hour(values: np.ndarray, shape: list[float]) -> list[str]:
        mean = int(values[index]) * 10.0 ** (5 - DECIMALS) / days  # MWh a day
        return [str(round(mean * part / sum(shape))) for part in shape]

    flat = [1.0] * 24
    made = [
        {"area": HOME, "period": f"{month}-15 {hour:02d}:00", "source": source, "generation": value, "unit": "MWh"}
        for source, values in power.generation.items()
        for hour, value in enumerate(by_hour(values, daylight if source == "太阳能" else flat))
    ]
    flows = [(HOME, area, values) for area, values in power.outflow.items()]
    flows += [(area, HOME, values) for area, values in power.inflow.items()]
    sent = [
        {"from_area": sender, "to_area": receiver, "period": f"{month}-15 {hour:02d}:00", "quantity": value, "unit": "MWh"}
        for sender, receiver, values in flows
        for hour, value in enumerate(by_hour(values, flat))
    ]
    after = _after(power, year)
    return [
        Delivery(
            source, f"演示_{name}_{month}-15", _rows(source, records), after, str(year), _ENERGY_OFFICE, f"演示数据 {name} {month}-15"
        )
        for source, name, records in [("grid_generation", "小时发电量", made), ("grid_exchange", "小时电力交换", sent)]
    ]


def _balance(world: World, window: Window, year: int, activities: list[Activity], power: PowerSystem) -> Delivery:
    cells = make_balance(world, window, year, activities, power)
    records = []
    for item, name in ITEMS.items():
        for column, (fuel, unit, decimals) in COLUMNS.items():
            value = cells.get((item, column), 0)
            if value:
                records.append(
                    {
                        "division_code": HOME,
                        "year": str(year),
                        "item": name,
                        "fuel": fuel,
                        "quantity": _signed(value, decimals),
                        "unit": unit,
                    }
                )
    layout = Layout(encoding="gb18030")
    document = f"演示数据 地区能源平衡表 {year}"
    received = _moment(year + 1, 6, 20)
    return Delivery(
        "energy_balance",
        f"演示_能源平衡表_{year}",
        _rows("energy_balance", records),
        received,
        str(year),
        _STATISTICS_OFFICE,
        document,
        layout,
    )


def _statistics(world: World, year: int) -> Delivery:
    spec = world.settings["statistics"]
    published = dt.date(year + 1, 4, 26)
    years = year - world.reference_year
    records: list[dict[str, str]] = []

    def add(division: str, indicator: str, cents: int, decimals: int, unit: str, industry: str = "") -> None:
        records.append(
            {
                "division_code": division,
                "industry_code": industry,
                "indicator": indicator,
                "period": str(year),
                "period_kind": "当期",
                "value": _signed(cents, decimals),
                "unit": unit,
                "vintage": "初步",
                "published_on": published.isoformat(),
            }
        )

    def add_both(division: str, indicator: str, cents: int, industry: str = "") -> None:
        add(division, indicator, cents, 2, "亿元", industry)
        constant = round(cents / (1 + spec["prices"]["change"]) ** (year - spec["prices"]["of"]))
        add(division, f"{indicator}({spec['prices']['of']}年价格)", constant, 2, "亿元", industry)

    totals = dict.fromkeys(["gdp", "population", *spec["industries"]], 0)
    for code, place in world.prefectures.items():
        gdp = 0
        richer, more = ((1 + rate) ** years for rate in place.growth)
        for industry, share in spec["industries"].items():
            value = round(spec["gdp"] * 100 * richer * place.gdp * share)
            add_both(code, "增加值", value, industry)
            totals[industry] += value
            gdp += value
        people = round(place.population * more * 10)
        add_both(code, "地区生产总值", gdp)
        add(code, "年末常住人口", people, 1, "万人")
        totals["gdp"] += gdp
        totals["population"] += people
    add_both(HOME, "地区生产总值", totals["gdp"])
    add(HOME, "年末常住人口", totals["population"], 1, "万人")
    for industry in spec["industries"]:
        add_both(HOME, "增加值", totals[industry], industry)
    document = f"演示数据 国民经济核算 {year}"
    layout = Layout(encoding="utf-8-sig")
    received = _moment(year + 1, 4, 28)
    return Delivery(
        "sector_statistics",
        f"演示_统计_{year}",
        _rows("sector_statistics", records),
        received,
        str(year),
        _STATISTICS_OFFICE,
        document,
        layout,
    )


def _sector_table(world: World, window: Window, year: int, activities: list[Activity], power: PowerSystem) -> Delivery:
    """The final energy use of industry by division: what splits the row of industry of the balance."""
    names = {"industry": "终端消费量", "feedstock": "用作原料、材料"}
    records = [
        _yearly(year, f"{names[item]}:{COLUMNS[column][0]}", _signed(value, COLUMNS[column][2]), COLUMNS[column][1], division)
        for (item, division, column), value in make_sector_table(world, window, year, activities, power).items()
    ]
    return _yearbook(year, "分行业终端能源消费", records)


def _activity(world: World, window: Window, year: int, activities: list[Activity]) -> Delivery:
    """Output of products, mine gas, wastewater and waste: what process emissions and other gases are computed from."""
    mask = np.array([year_of(month) == year for month in window.computed])
    made = {key: 0.0 for key in world.sectors}
    for activity in activities:
        made[activity.enterprise.sector.key] += float(activity.output[mask].sum())
    growth = (1 + world.settings["statistics"]["growth"]) ** (year - world.reference_year)
    records = []
    for spec in world.settings["statistics"]["activity"]:
        quantity = spec["per_output"] * made[spec["sector"]] if "sector" in spec else spec["quantity"] * growth
        records.append(_yearly(year, spec["indicator"], _signed(round(quantity * 100), 2), spec["unit"], spec.get("industry", "")))
    return _yearbook(year, "产品产量与环境统计", records)


def _yearly(year: int, indicator: str, value: str, unit: str, industry: str = "") -> dict[str, str]:
    return {
        "division_code": HOME, "industry_code": industry, "indicator": indicator, "period": str(year), "period_kind": "当期",
        "value": value, "unit": unit, "vintage": "修订", "published_on": f"{year + 1}-06-15",
    }


def _yearbook(year: int, name: str, records: list[dict[str, str]]) -> Delivery:
    return Delivery(
        "sector_statistics", f"演示_{name}_{year}", _rows("sector_statistics", records), _moment(year + 1, 6, 20), str(year),
        _STATISTICS_OFFICE, f"演示数据 {name} {year}",
    )


def _targets(world: World, year: int) -> Delivery:
    position = max(0, min(1, year - world.reference_year))
    document = f"演示数据 目标监测 {year}"
    observed = [(target, HOME, spec) for target, spec in world.settings["targets"].items()]
    observed += [(spec["target"], spec["division"], spec) for spec in world.settings["city_targets"]]
    records = [
        {
            "target_id": target,
            "division_code": division,
            "period": str(year),
            "value": str(spec["values"][position]),
            "unit": spec["unit"],
            "document": document,
        }
        for target, division, spec in observed
    ]
    rows = _rows("target_observation", records)
    return Delivery(
        "target_observation",
        f"演示_目标观测_{year}",
        rows,
        _moment(year + 1, 3, 25),
        str(year),
        _ENVIRONMENT_OFFICE,
        document,
    )


def _factor(year: int) -> Delivery:
    """One declared draft factor, unconfirmed: it may be shown and must never be used."""
    record = {
        "factor_id": f"DEMO-GRID-{HOME}-{year - 1}",
        "kind": "grid",
        "item": "average",
        "value": "0.5500",
        "unit": "tCO2/MWh",
        "gas": "CO2",
        "area": HOME,
        "data_year": str(year - 1),
        "confidence": "C",
        "status": "unconfirmed",
        "published_on": f"{year}-11-20",
        "document": "演示数据 省级电网平均因子(征求意见)",
    }
    rows = _rows("emission_factor", [record])
    return Delivery(
        "emission_factor",
        f"演示_电网因子草案_{year - 1}",
        rows,
        _moment(year, 12, 1),
        str(year - 1),
        _ENVIRONMENT_OFFICE,
        record["document"],
    )
