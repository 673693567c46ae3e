"""Deliveries of the bridge worked by hand in bridge.md: the year 2020 of a province with six enterprises and two balances."""

from __future__ import annotations

from pathlib import Path

from tests.deliveries import deliver, register_row, uscc

WORKS, COKING, CHEMICALS, MINE, AIRLINE, LIQUOR = range(201, 207)
PREFECTURES = ("520100", "520200", "520300", "520400", "520500", "520600", "522300", "522600", "522700")

# cause -> (tCO2e of the province, basis)
EXPECTED = {
    "accounts_total": ("26794.394", "computed"),
    "gas_scope": ("-4704.000", "computed"),
    "below_threshold": ("3074.191", "estimated"),
    "not_reported": ("1704.376", "estimated"),
    "held_back": ("170.438", "estimated"),
    "transformation_feedstock": ("-220.000", "computed"),
    "product_carbon": ("115.133", "computed"),
    "process_outside": ("2488.000", "computed"),
    "mobile_fuel": ("-154.691", "computed"),
    "waste_biomass": ("-91.667", "computed"),
    "non_industrial": ("1338.295", "computed"),
    "legal_vs_location": ("0.000", "no_data"),
    "captive_power": ("0.000", "not_applicable"),
    "factor_set": ("-1948.336", "computed"),
    "balance_difference": ("0.000", "not_applicable"),
    "timing": ("0.000", "computed"),
    "vintage": ("1704.376", "computed"),
    "unexplained": ("9838.971", "computed"),
    "top_down_total": ("40109.480", "computed"),
}

# (prefecture, part) -> allocated tCO2e
ALLOCATED = {
    ("520100", "rural"): "14.203", ("520400", "rural"): "56.813", ("522600", "rural"): "113.625",
    ("520100", "transport"): "73.169", ("522600", "transport"): "73.168", ("520100", "process"): "2906.000",
    ("520200", "local_gas"): "1152.970", ("520100", "mobile"): "-154.691", ("520100", "local_gas"): "0.000",
}


def deliver_bridge(inbox: Path) -> None:
    """Everything that bridge.md names."""
    deliver(inbox, "enterprise_register", "bridge.csv", [
        register_row(WORKS, "24-other-industry", "3012"), register_row(COKING, "11-coking", "2521", "520203"),
        register_row(CHEMICALS, "04-chemicals", "2613", "520303"), register_row(MINE, "12-coal-mining", "0610", "520500"),
        register_row(AIRLINE, "10-civil-aviation", "5611", "520112"), register_row(LIQUOR, "20-food-beverage", "1512", "520382"),
    ])
    deliver(inbox, "enterprise_energy", "bridge.csv", _energy())
    deliver(inbox, "enterprise_process", "bridge.csv", _process())
    power = {"uscc": uscc(WORKS), "period": "2020-05", "carrier": "电力", "direction": "购入", "origin": "电网", "quantity": 1000, "unit": "MWh"}
    deliver(inbox, "enterprise_power_heat", "bridge.csv", [power])
    sold = {"division_code": "520100", "industry_code": "30", "period": "2020-05", "quantity": 1100, "unit": "MWh"}
    deliver(inbox, "grid_sales", "bridge.csv", [sold])
    deliver(inbox, "energy_balance", "bridge_first.csv", _balance("1.9"), "2026-01-05")
    deliver(inbox, "energy_balance", "bridge_revised.csv", _balance("2"), "2026-01-10")
    deliver(inbox, "energy_balance", "bridge_city.csv", [_cell("乡村", "原煤", "0.02", "万吨", "522700")])
    deliver(inbox, "sector_statistics", "bridge.csv", _statistics())


def _energy() -> list[dict]:
    def row(number: int, month: int, energy: str, consumed: float, unit: str = "t", **more: object) -> dict:
        return {"uscc": uscc(number), "period": f"2020-{month:02d}", "energy": energy, "unit": unit, "consumed": consumed, **more}

    measured = {"ncv": 20, "ncv_unit": "GJ/t", "carbon_content": 0.02618, "oxidation_rate": 98, "parameter_basis": "实测"}
    gangue = {"ncv": 10, "ncv_unit": "GJ/t", "carbon_content": 0.025, "oxidation_rate": 100, "parameter_basis": "实测"}
    return [
        *(row(WORKS, month, "一般烟煤", 1000, **measured) for month in range(1, 12)),
        row(WORKS, 5, "柴油", 150), row(WORKS, 5, "煤矸石用于燃料", 100, **gangue),
        row(COKING, 5, "焦炉煤气", 0, "1e4 Nm3", produced=100, sold=100),
        # 2022 has no balance: months and year of one fact, of which one counts
        *({**row(LIQUOR, month, "柴油", 100), "period": f"2022-{month:02d}"} for month in range(1, 13)),
        {**row(LIQUOR, 1, "柴油", 1300), "period": "2022"},
        row(AIRLINE, 6, "喷气/航空煤油", 100), row(LIQUOR, 5, "原煤", 100),
    ]


def _process() -> list[dict]:
    def row(number: int, role: str, item: str, quantity: float, **more: object) -> dict:
        return {"uscc": uscc(number), "period": "2020-05", "role": role, "item": item, "quantity": quantity, "unit": "t", **more}

    return [
        row(WORKS, "辅料", "石灰石", 1000, purity=95), row(CHEMICALS, "原料", "feed_coal", 100, carbon_content=0.6),
        row(CHEMICALS, "产品固碳", "电石", 100), row(MINE, "参数", "coal_raw_openpit", 100_000),
    ]


def _cell(item: str, fuel: str, quantity: str, unit: str, division: str = "520000") -> dict:
    return {"division_code": division, "year": 2020, "item": item, "fuel": fuel, "quantity": quantity, "unit": unit}


def _balance(raw_coal_of_industry: str) -> list[dict]:
    return [
        _cell("2.工业", "原煤", raw_coal_of_industry, "万吨"), _cell("#用作原料、材料", "原煤", "0.1", "万吨"), _cell("1.火力发电", "原煤", "-0.1", "万吨"),
        _cell("2.工业", "柴油", "0.01", "万吨"), _cell("2.工业", "焦炉煤气", "0.01", "亿立方米"), _cell("乡村", "原煤", "0.05", "万吨"),
        _cell("4.交通运输、仓储和邮政业", "汽油", "0.02", "万吨"), _cell("城镇", "天然气", "0.001", "亿立方米"),
    ]


def _statistics() -> list[dict]:
    def row(division: str, indicator: str, value: float, unit: str, industry: str = "") -> dict:
        return {"division_code": division, "industry_code": industry, "indicator": indicator, "period": "2020", "period_kind": "当期",
                "value": value, "unit": unit, "published_on": "2021-04-01"}

    population = [row(code, "年末常住人口", weight, "万人") for weight, code in enumerate(PREFECTURES, 1)]
    added = [row(code, "增加值", 1, "亿元", f"第{place}产业") for code in PREFECTURES for place in "二三"]
    return [*population, *added, row("520000", "水泥产量", 1, "万吨")]
