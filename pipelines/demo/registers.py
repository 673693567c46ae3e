"""Deliveries beside the monthly forms: electricity sold, certificates, allowances and credits, sinks, projects, known issues."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import numpy as np

from pipelines.contracts.source import load_sources
from pipelines.demo.activity import Activity
from pipelines.demo.files import Delivery, Layout
from pipelines.demo.months import Window, first_day, label, year_of
from pipelines.demo.series import decimal_texts
from pipelines.demo.world import World

_GRID_COMPANY = "省级电网企业(演示数据)"
_REGISTRY = "登记机构(演示数据)"
_FORESTRY = "省级林草部门(演示数据)"
_PLANNING = "省级发展改革部门(演示数据)"
_UNCOVERED = 1.06  # sales to a class of customers over what the reporting enterprises of it bought
_HOUSEHOLD_KWH = 85.0  # a person and month, in the last year
_HOUSEHOLD_GROWTH = 1.04  # a year
_SALES_AHEAD = 2  # months of sales beyond the last month that enterprises report
_SALES_GROWTH = 1.03
_STATES = ("拟建", "在建", "建成")


def register_deliveries(world: World, window: Window, activities: list[Activity], seed: int) -> list[Delivery]:
    """All these files, in a fixed order."""
    years = sorted({year_of(month) for month in window.computed})
    result = _sales(world, window, activities)
    result += [found for year in years if (found := _certificates(window, activities, year))]
    for year in window.full_years:
        result += [found for found in _compliance(world, window, activities, seed, year) if found]
        result.append(_sinks(world, year))
    result.append(_projects(window, activities, seed))
    result.append(_issues(world, window, activities))
    return result


def _delivery(source: str, name: str, records: list[dict[str, str]], received: dt.datetime, period: str, sender: str, *, gb: bool = False) -> Delivery:
    names = [column.name for column in load_sources()[source].columns]
    rows = [[record.get(column, "") for column in names] for record in records]
    document = f"演示数据 {load_sources()[source].zh} {period}"
    return Delivery(source, name, rows, received, period, sender, document, Layout(encoding="gb18030" if gb else "utf-8"))


def _after(window: Window, year: int, day: int) -> dt.datetime:
    """A day of the month after the year's last month."""
    last = max(month for month in window.computed if year_of(month) == year)
    start = first_day(last + 1)
    return dt.datetime(start.year, start.month, day, 11, 5)


def _sales(world: World, window: Window, activities: list[Activity]) -> list[Delivery]:
    """By prefecture and industry division, a little more than the enterprises of the register buy there; and households.

    Every delivered month comes by the 5th of the next, before the enterprises report, and the two months after the last one too:
    what was sold a year before and a little more. Months that are only computed come by the year.
    """
    sold: dict[tuple[str, str], np.ndarray] = defaultdict(lambda: np.zeros(len(window.computed)))
    for activity in activities:
        if activity.power_bought is not None:
            enterprise = activity.enterprise
            sold[enterprise.prefecture.code, enterprise.industry[:2]] += activity.power_bought * _UNCOVERED
    computed = np.array(window.computed)
    for code, place in world.prefectures.items():
        season = world.seasons["comfort"][computed % 12] * np.power(_HOUSEHOLD_GROWTH, (computed - window.last) / 12)
        sold[code, "居民生活"] += place.population * 1e4 * _HOUSEHOLD_KWH / 1000 * season

    def records(month: int) -> list[dict[str, str]]:
        ahead = month - window.last
        index, growth = (month - window.computed_from, 1.0) if ahead <= 0 else (month - 12 - window.computed_from, _SALES_GROWTH)
        return [
            {"division_code": code, "industry_code": industry, "period": label(month), "unit": "万千瓦时",
             "quantity": decimal_texts([round(float(values[index]) * growth * 1000)], 4)[0]}
            for (code, industry), values in sorted(sold.items())
        ]

    def delivery(name: str, rows: list[dict[str, str]], last: int, day: int) -> Delivery:
        after = first_day(last + 1)
        received = dt.datetime(after.year, after.month, day, 11, 5)
        return _delivery("grid_sales", f"演示_售电量_{name}", rows, received, name, _GRID_COMPANY, gb=True)

    before = range(window.computed_from, window.delivered_from)
    result = []
    for year in sorted({year_of(month) for month in before}):
        months = [month for month in before if year_of(month) == year]
        result.append(delivery(str(year), [row for month in months for row in records(month)], months[-1], 16))
    for month in range(window.delivered_from, window.last + _SALES_AHEAD + 1):
        result.append(delivery(label(month), records(month), month, 5))
    return result


def _certificates(window: Window, activities: list[Activity], year: int) -> Delivery | None:
    """One for each purchase of green power, retired on the 20th of the next month."""
    records = []
    for activity in activities:
        for number, month, mwh in activity.certificates:
            if year_of(month) != year:
                continue
            after = first_day(month + 1)
            records.append({
                "certificate_id": number, "uscc": activity.enterprise.uscc, "mwh": str(mwh), "vintage": label(month),
                "retired_on": dt.date(after.year, after.month, 20).isoformat(), "retired_for": "自用绿电消费",
            })
    if not records:
        return None
    return _delivery("certificate", f"演示_绿证_{year}", records, _after(window, year, 22), str(year), _REGISTRY)


def _allocation(world: World, months: np.ndarray, activity: Activity) -> float | None:
    """Free allocation of the months before it is varied: by benchmark for power units. That of the other sectors is what was verified, which
    nobody knows before the accounts: None."""
    if activity.supplied is None:
        return None
    rates = world.settings["allocation"]
    heat = 0.0 if activity.heat_sold is None else float(activity.heat_sold[months].sum())
    return float(float(activity.supplied[months].sum()) * rates[activity.unit_class] + heat * rates["heat"])


def _compliance(world: World, window: Window, activities: list[Activity], seed: int, year: int) -> list[Delivery | None]:
    """Free allocation near what the plan of allocation gives; what is surrendered is held; few use credits."""
    months = np.array([year_of(month) == year for month in window.computed])
    rng = np.random.default_rng([seed, 0, 5, year])
    allowances, credits_used = [], []
    document = f"演示数据 {year}年度配额"
    for activity in activities:
        enterprise = activity.enterprise
        if not enterprise.sector.ets:
            continue
        expected = round(enterprise.co2_mt * 1e6 * (1 + enterprise.growth) ** (year - world.reference_year))
        near, part = float(rng.uniform(0.995, 1.005)), float(rng.uniform(0.004, 0.02))
        planned = _allocation(world, months, activity)
        free = None if planned is None else round(planned * near)
        used = round(expected * part) if rng.random() < 0.3 else 0
        surrendered = expected - used
        common = {"uscc": enterprise.uscc, "year": str(year), "document": document}
        held = max(free or 0, surrendered) + round(expected * 0.01)
        for kind, tonnes in (("免费配额", free), ("持有", held), ("清缴", surrendered)):
            if tonnes is not None:
                allowances.append({**common, "kind": kind, "tonnes": str(tonnes)})
        if used:
            credits_used.append({**common, "kind": "CCER", "tonnes": str(used)})
    received = dt.datetime(year + 1, 5, 28, 9, 40)
    return [
        _delivery(source, f"演示_{word}_{year}", records, received, str(year), _REGISTRY) if records else None
        for source, word, records in (("allowance", "配额", allowances), ("credit", "减排量", credits_used))
    ]


def _sinks(world: World, year: int) -> Delivery:
    """Area and removal factor by prefecture and class of land; karst comes as a mass."""
    records = []
    for code, place in world.prefectures.items():
        for land, spec in world.settings["sinks"].items():
            amount = spec["quantity"] * place.weight / sum(p.weight for p in world.prefectures.values())
            records.append({
                "division_code": code, "year": str(year), "land_class": land, "quantity": f"{amount:.2f}", "unit": spec["unit"],
                "factor": str(spec.get("factor", "")), "document": f"演示数据 碳汇调查 {year}",
            })
    return _delivery("carbon_sink", f"演示_碳汇_{year}", records, dt.datetime(year + 1, 4, 15, 10, 20), str(year), _FORESTRY)


def _projects(window: Window, activities: list[Activity], seed: int) -> Delivery:
    """Extensions of a few large enterprises, each from planned to its state of today."""
    rng = np.random.default_rng([seed, 0, 6])
    largest = sorted(activities, key=lambda a: (-a.enterprise.co2_mt, a.enterprise.number))[: max(3, len(activities) // 20)]
    start = first_day(window.delivered_from)
    records = []
    for number, activity in enumerate(largest, 1):
        enterprise = activity.enterprise
        emission = enterprise.co2_mt * 1e6 * float(rng.uniform(0.05, 0.2))
        for step in range(int(rng.integers(1, 4))):
            records.append({
                "project_id": f"DEMO-P{number:03d}", "uscc": enterprise.uscc, "name": f"{enterprise.sector.word}技改扩能项目{number:02d}(演示数据)",
                "status": _STATES[step], "energy_tce": f"{emission / 2.6:.0f}", "emission_t": f"{emission:.0f}",
                "disposition": ("节能审查通过", "整改后续建")[number % 2], "valid_from": dt.date(start.year - 2 + step, 3, 1).isoformat(),
            })
    received = dt.datetime(start.year, start.month, 25, 14, 30)
    return _delivery("project_list", f"演示_项目清单_{label(window.delivered_from)}", records, received, str(start.year), _PLANNING, gb=True)


def _issues(world: World, window: Window, activities: list[Activity]) -> Delivery:
    """What is known to be wrong with figures of the last year: of the province, of the largest enterprise and its prefecture, and one that is settled."""
    largest = min(activities, key=lambda a: (-a.enterprise.co2_mt, a.enterprise.number)).enterprise
    start = first_day(window.last + 1)
    found, settled = dt.date(start.year, start.month, 6), dt.date(start.year, start.month, 9)
    year = year_of(window.last)
    province = f"{largest.prefecture.code[:2]}0000"
    told = [
        ("DEMO-I01", "province", province, str(year), "direct_tco2e", "", "", _PLANNING,
         "演示数据：规模以下企业不报送，全省合计偏低，数量未知", "Synthetic: enterprises below the threshold do not report, the total of the province is too low by an unknown amount"),
        ("DEMO-I02", "enterprise", largest.uscc, label(window.last), "direct_tco2e", "1500", "", largest.name,
         "演示数据：皮带秤待检定，入炉煤可能偏高", "Synthetic: the belt scale waits for its calibration, the coal may be too high"),
        ("DEMO-I02", "prefecture", largest.prefecture.code, label(window.last), "direct_tco2e", "1500", "", largest.name,
         "演示数据：皮带秤待检定，入炉煤可能偏高", "Synthetic: the belt scale waits for its calibration, the coal may be too high"),
        ("DEMO-I03", "inventory", province, str(year - 1), "emission_tco2", "-20000", settled.isoformat(), _PLANNING,
         "演示数据：能源平衡表漏列一类产品，已补报", "Synthetic: the energy balance left a product out, which was delivered since"),
    ]
    names = ("issue_id", "level", "code", "period", "measure", "tonnes", "closed_on", "owner", "text_zh", "text_en")
    records = [{"opened_on": found.isoformat(), **dict(zip(names, row, strict=True))} for row in told]
    received = dt.datetime(start.year, start.month, 12, 15, 20)
    return _delivery("known_issue", f"演示_已知问题_{label(window.last)}", records, received, f"{year - 1}至{year}", _PLANNING)
