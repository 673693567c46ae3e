"""Every rule on the current view: one enterprise that it catches beside one that it passes, all in one night."""

from __future__ import annotations

import csv
from calendar import monthrange
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts.source import load_sources
from pipelines.demo.credit_code import synthetic_code
from pipelines.gate.suite import load_suite
from pipelines.settings import PROJECT
from tests.conftest import Release, build_tables_here, query
from tests.deliveries import deliver, register_row, uscc

SEED = PROJECT / "dbt_project" / "seeds" / "quality_rule.csv"
COAL = "无烟煤"
A_YEAR = (71.3, 68.9, 70.2, 72.8, 69.6, 70.7, 74.1, 73.5, 70.9, 68.2, 72.4, 71.7)   # t a month
MEASURED = {"parameter_basis": "实测", "ncv": 23, "carbon_content": 0.0275}

Rows = dict[str, list[dict[str, Any]]]


def energy(period: str, consumed: float, fuel: str = COAL, **more: Any) -> dict[str, Any]:
    return {"source": "enterprise_energy", "period": period, "energy": fuel, "consumed": consumed, "basis": "台账", **more}


def months(year: int, count: int) -> list[str]:
    return [f"{year}-{month:02d}" for month in range(1, count + 1)]


def power(period: str, quantity: float, origin: str = "电网", **more: Any) -> dict[str, Any]:
    return {"source": "enterprise_power_heat", "period": period, "carrier": "电力", "direction": "购入", "origin": origin, "quantity": quantity, **more}


def output(period: str, item: str, quantity: float, unit: str = "吨", **more: Any) -> dict[str, Any]:
    return {"source": "enterprise_output", "period": period, "item": item, "quantity": quantity, "unit": unit, **more}


def process(period: str, quantity: float, item: str, **more: Any) -> dict[str, Any]:
    return {"source": "enterprise_process", "period": period, "role": "参数", "item": item, "quantity": quantity, "unit": "%", **more}


def unit(period: str, generation: float, **more: Any) -> dict[str, Any]:
    return {"source": "power_unit_month", "period": period, "unit_code": "1号机组", "unit_class": "coal_gt300", "coal_t": 60_000,
            "ncv_gj_per_t": 20, "generation_mwh": generation, **more}


def unit_year(generation: int, coal: int, step: int, free: float) -> list[dict[str, Any]]:
    """Twelve months of a unit in 2024 (benchmark 0.791 tCO2/MWh, load not reported), and the free allocation of the year."""
    months_of = [unit(period, generation + step * n, coal_t=coal + (step - 40) * n) for n, period in enumerate(months(2024, 12))]
    return [*months_of, {"source": "allowance", "year": 2024, "kind": "免费配额", "tonnes": free, "document": "测试文件"}]


def readings(period: str, day_mwh: float, without: tuple[int, ...] = ()) -> list[dict[str, Any]]:
    """A meter that is read once a day, and the purchase of 100 MWh a day that it stands beside."""
    days = monthrange(int(period[:4]), int(period[5:]))[1]
    rows = [
        {"source": "meter_reading", "meter_id": "总表", "energy": "电力", "ts": f"{period}-{day:02d} 00:00", "value": day_mwh, "unit": "MWh"}
        for day in range(1, days + 1) if day not in without
    ]
    return [*rows, power(period, 100 * days + int(period[5:]) / 10 + day_mwh / 10_000)]


def register_readings(first: float, *steps: float) -> list[dict[str, Any]]:
    """A day's reading each from the first of March 2025: the first figure and what it rises by."""
    values = [round(first + sum(steps[:n]), 3) for n in range(len(steps) + 1)]
    return [{"source": "meter_reading", "meter_id": "总表", "energy": "电力", "ts": f"2025-03-{day:02d} 00:00", "value": value, "unit": "kWh"}
            for day, value in enumerate(values, 1)]


def later(fact: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The same fact, in a delivery of the day after."""
    return {**fact, "source": f"later_{fact['source']}", **more}


def diesel_of(year: int, *quantities: float) -> list[dict[str, Any]]:
    return [energy(period, quantity, "柴油") for period, quantity in zip(months(year, len(quantities)), quantities, strict=True)]


def figures(last: str) -> list[dict[str, Any]]:
    """Four indicators of twelve months each, 48 figures: the last digits go through `last`."""
    return [
        output(period, f"指标{item}", int(f"{item}{month * 7 + 13:03d}{last[(month * 4 + item) % len(last)]}"))
        for item in range(1, 5) for month, period in enumerate(months(2025, 12))
    ]


def sizes(first: str) -> list[dict[str, Any]]:
    """Thirteen indicators from tens to hundreds of thousands that begin with these digits."""
    return [output("2025-05", f"指标{n:02d}", float(f"{digit}7e{1 + n % 5}")) for n, digit in enumerate(first)]


def certificate(number: str, mwh: float, **more: Any) -> dict[str, Any]:
    return {"source": "certificate", "certificate_id": number, "mwh": mwh, "vintage": "2025-01", **more}


def compliance(free: float, held: float, surrendered: float, ccer: float) -> list[dict[str, Any]]:
    rows = [("allowance", "免费配额", free), ("allowance", "持有", held), ("later_allowance", "清缴", surrendered), ("credit", "CCER", ccer)]
    return [{"source": source, "year": 2024, "kind": kind, "tonnes": tonnes} for source, kind, tonnes in rows]


def lime(coal: float) -> list[dict[str, Any]]:
    """Two years of a kiln that makes the same lime and burns 39 t, then `coal`, a month."""
    return [
        row for number, period in enumerate(months(2024, 3) + months(2025, 3))
        for row in (output(period, "石灰", 100 + number % 3), energy(period, (39 if number < 3 else coal) + number % 3))
    ]


def stock(opening: float) -> list[dict[str, Any]]:
    return [energy("2025-01", 50, opening_stock=100, purchased=50, closing_stock=100),
            energy("2025-02", 51, opening_stock=opening, purchased=51, closing_stock=opening)]


def diesel(*quantities: float) -> list[dict[str, Any]]:
    return [energy(period, quantity, "柴油") for period, quantity in zip(months(2025, len(quantities)), quantities, strict=True)]


def two_years(fuel: float, **later: Any) -> list[dict[str, Any]]:
    first = [energy(period, 100 + n, ncv=20) for n, period in enumerate(months(2024, 3))]
    return first + [energy(period, fuel + n, **{"ncv": 20, **later}) for n, period in enumerate(months(2025, 3))]


# name -> (rules that must be found, rows)
CASES: dict[str, tuple[set[str], list[dict[str, Any]]]] = {
    "basis worse": ({"R01-source-priority"}, [energy("2024-05", 100, basis="监测"), energy("2025-05", 101, basis="发票")]),
    "basis better": (set(), [energy("2024-05", 100, basis="发票"), energy("2025-05", 101, basis="监测")]),
    "downgraded": ({"R04-parameter-downgrade"}, [energy("2024-05", 100, **MEASURED), energy("2025-05", 101, parameter_basis="缺省")]),
    "upgraded": (set(), [energy("2024-05", 100, parameter_basis="缺省"), energy("2025-05", 101, **MEASURED)]),
    "stock breaks": ({"R10-stock-across-months"}, stock(110)),
    "stock continues": (set(), stock(100.4)),
    "gas lost": ({"R12-by-product-gas"}, [energy("2025-05", 50, "焦炉煤气", produced=100, sold=10)]),
    "gas flared": (set(), [energy("2025-05", 50, "焦炉煤气", produced=100, sold=10, used_elsewhere=37)]),
    "power lost": ({"R13-power-balance", "X03-not-in-account"}, [energy("2025-05", 100, "电力", purchased=110)]),
    "power balances": (set(), [energy("2025-05", 109, "电力", purchased=110), power("2025-05", 110)]),
    "two forms differ": ({"R20-two-sources", "X01-sources-disagree"}, [energy("2025-05", 100, "电力"), power("2025-05", 120)]),
    "two forms agree": (set(), [energy("2025-05", 100, "电力"), power("2025-05", 102)]),
    "parameters jump": ({"R43-ncv-jump", "R43-carbon-jump"},
                        [energy("2025-01", 100, **MEASURED), energy("2025-02", 101, **{**MEASURED, "ncv": 26, "carbon_content": 0.0290})]),
    "parameters move": (set(), [energy("2025-01", 100, **MEASURED), energy("2025-02", 101, **{**MEASURED, "ncv": 25, "carbon_content": 0.0285})]),
    "copied default": ({"R43-identical-parameter"}, [energy(p, 100 + n, parameter_basis="实测", ncv=23.45) for n, p in enumerate(months(2025, 12))]),
    "measured each month": (set(), [energy(p, 110 + n, parameter_basis="实测", ncv=23.45 if n else 23.5) for n, p in enumerate(months(2025, 12))]),
    "energy total off": ({"R44-energy-total"}, [energy("2025-05", 50, "柴油"), output("2025-05", "综合能源消费量", 100, "tce")]),
    "energy total right": (set(), [energy("2025-05", 50, "柴油"), output("2025-05", "综合能源消费量", 73, "tce")]),
    "month missing": ({"R61-missing-month"}, [energy("2025-01", 7.1, "柴油"), energy("2025-03", 7.3, "柴油")]),
    "month zero": ({"R61-zero-month"}, diesel(7.1, 0, 7.3)),
    "months there": (set(), diesel(7.1, 7.2, 7.3)),
    "four times the same": ({"R62-identical-months"}, diesel(7.5, 7.5, 7.5, 7.5)),
    "three times the same": (set(), diesel(7.5, 7.5, 7.5, 7.4)),
    "copied month": ({"R62-copied-month"}, [*diesel(77.1, 77.1), energy("2025-01", 1234.5), energy("2025-02", 1234.5)]),
    "half copied": (set(), [*diesel(77.1, 77.1), energy("2025-01", 1234.5), energy("2025-02", 1234.6)]),
    "activity up": ({"R60-activity"}, two_years(140)),
    "activity steady": (set(), two_years(120)),
    "heat up": ({"R60-ncv"}, two_years(100, ncv=23)),
    "heat steady": (set(), two_years(100, ncv=21.5)),
    "dirtier lime": ({"R60-activity", "R60-emission", "R60-intensity"}, lime(52)),
    "same lime": (set(), lime(42)),
    "thirsty carbide": ({"P01-product-intensity"}, [power("2025-05", 500), output("2025-05", "电石", 100)]),
    "usual carbide": (set(), [power("2025-05", 330), output("2025-05", "电石", 100)]),
    "unit no longer measured": ({"R04-parameter-downgrade", "R56-mode-change", "X03-not-in-account"}, [unit("2024-05", 120_000, carbon_tc_per_t=0.54), unit("2025-05", 120_000)]),
    "unit now measured too": ({"X03-not-in-account"}, [unit("2024-05", 130_000), unit("2025-05", 130_000, carbon_tc_per_t=0.60)]),
    "unit far from benchmark": ({"R55-benchmark", "R20-two-sources", "X01-sources-disagree"}, [unit("2024-05", 90_000, carbon_tc_per_t=0.54), energy("2024-05", 70_000)]),
    "unit near benchmark": (set(), [unit("2024-05", 120_000, carbon_tc_per_t=0.54), energy("2024-05", 60_000)]),
    "certificate twice": ({"R74-claimed-twice", "R74-volume"}, [
        power("2025-01", 10, "绿证", certificate_id="G1"), power("2025-02", 11, "绿证", certificate_id="G1"), power("2025-02", 5000), certificate("G1", 15)]),
    "certificate of another": ({"R74-other-holder"}, [power("2025-01", 10, "绿证", certificate_id="G2"), power("2025-01", 5000)]),
    "its holder": (set(), [power("2025-01", 10, "绿证", certificate_id="G3"), power("2025-01", 5000), certificate("G2", 10), certificate("G3", 10)]),
    "two holders": ({"R74-two-holders"}, [certificate("G4", 1), {**certificate("G4", 1), "source": "later_certificate"}]),
    "certificate unknown": ({"R74-unknown-certificate"}, [power("2025-01", 10, "绿证", certificate_id="G9"), power("2025-01", 5000)]),
    "certificate used up": ({"R74-used-elsewhere"}, [
        power("2025-01", 10, "绿证", certificate_id="G8"), power("2025-01", 5000), certificate("G8", 10, retired_on="2025-02-20", retired_for="碳市场清缴")]),
    "abated by hearsay": ({"P02-abatement-without-use"}, [process("2025-05", 80, "n2o_abatement_efficiency")]),
    "abated in use": (set(), [process("2025-05", 80, "n2o_abatement_efficiency"), process("2025-05", 90, "n2o_abatement_usage")]),
    "value beside default": ({"R04-value-beside-default"}, [energy("2025-05", 100, "柴油", parameter_basis="缺省", ncv=40)]),
    "default repeated": (set(), [energy("2025-05", 100, "柴油", parameter_basis="缺省", ncv=42.652)]),
    "greener than bought": ({"R74-green-over-purchased", "R74-unknown-certificate"}, [
        power("2025-01", 100, "绿电交易", certificate_id="G5"), energy("2025-01", 100, "电力", purchased=99)]),
    "retired more than bought": ({"R74-green-over-purchased"}, [power("2025-01", 100), certificate("G6", 101, retired_on="2025-02-20")]),
    "retired what was bought": (set(), [power("2025-01", 100), certificate("G7", 100, retired_on="2025-02-20")]),
    "short of allowances": ({"R80-surrender-over-held", "R80-ccer-share", "R81-allocation-gap"}, [energy("2024", 1000), *compliance(1000, 1500, 2000, 200)]),
    "enough allowances": (set(), [energy("2024", 1000), *compliance(2400, 2500, 2300, 100)]),
    # (12 x 120 000 + 66 x 137) x 0.791 = 1 146 192 t; (12 x 121 000 + 66 x 149) x 0.791 = 1 156 311 t
    "allocated otherwise": ({"R81-computed-allowance", "X03-not-in-account"}, unit_year(120_000, 45_000, 137, 1_000_000)),
    "allocated by the rule": ({"X03-not-in-account"}, unit_year(121_000, 45_100, 149, 1_140_000)),
    "key emitter": ({"R82-key-emitter"}, [energy("2024", 20_000)]),
    "small steel": (set(), [energy("2024", 9_000)]),
    "not yet open": ({"K07-before-operation"}, [energy("2025-05", 100)]),
    "closed": ({"K07-after-closure"}, [energy("2025-04", 100)]),
    "in operation": (set(), [energy("2025-05", 100)]),
    "taken over": ({"K08-successor"}, [energy("2025-04", 100)]),
    "before the takeover": (set(), [energy("2025-02", 100)]),
    "two codes": ({"K09-same-name"}, [energy("2025-04", 100)]),
    "its other code": ({"K09-same-name"}, [energy("2025-04", 50)]),
    "january missing": ({"R61-missing-month"}, [energy("2024-12", 7.1, "柴油"), energy("2025-02", 7.3, "柴油")]),
    "source left out": ({"R03-basis-missing"}, [energy("2025-05", 100, basis="")]),
    "registered elsewhere": ({"K10-code-division"}, [energy("2025-05", 100)]),
    "registered here": (set(), [energy("2025-05", 100)]),
    "moved away": ({"K11-division-changed"}, [energy("2025-05", 100)]),
    "moved next door": (set(), [energy("2025-05", 100)]),
    "ends in five": ({"R62-last-digit"}, figures("5")),
    "ends in anything": (set(), figures("0123456789")),
    "begins with nine": ({"R62-first-digit"}, sizes("9999999999999")),
    "begins like Benford": (set(), sizes("1111223345678")),
    "a day without reading": ({"M10-completeness"}, readings("2025-05", 100, (7,))),
    "a week without reading": ({"M10-completeness", "M11-month-report", "M12-outage", "X01-sources-disagree"}, readings("2025-05", 100, tuple(range(5, 12)))),
    "readings beside the report": ({"M11-month-report", "X01-sources-disagree"}, readings("2025-05", 94)),
    "readings that fit": (set(), readings("2025-05", 96)),
    "a year beside the reports": ({"R11-metered-year"}, [row for period in months(2025, 12) for row in readings(period, 97)]),
    "a year that fits": (set(), [row for period in months(2025, 12) for row in readings(period, 98.5)]),
    "evidence in time": ({"X03-not-in-account"}, [{**unit("2025-12", 120_000, carbon_tc_per_t=0.54), "source": "later_power_unit_month"}]),
    "ten times": ({"X02-pattern"}, [energy(f"2025-0{n}", tonnes) for n, tonnes in enumerate((100.1, 101.2, 102.3, 1015), 1)]),
    "three times": (set(), [energy(f"2025-0{n}", tonnes) for n, tonnes in enumerate((100.1, 101.2, 102.3, 305), 1)]),
    "running sum": ({"Y01-looks-year-to-date"}, diesel(101, 203, 303, 404, 506, 606, 707, 809, 909, 1010, 1112, 1212)),
    "rising": (set(), diesel(101, 111, 122, 133, 144, 155, 166)),
    "last year again": ({"Y02-copied-year"}, [row for year in (2024, 2025) for row in diesel_of(year, *A_YEAR)]),
    "nearly last year": (set(), [*diesel_of(2024, *(2 * q for q in A_YEAR)), *diesel_of(2025, *(2 * q for q in A_YEAR[:-1]), 141)]),
    "copied from it": ({"Y03-copied-enterprise"}, diesel(51.37, 48.95, 50.22, 52.81)),
    "copied to it": ({"Y03-copied-enterprise"}, diesel(51.37, 48.95, 50.22, 52.81)),
    "year above its months": ({"Y04-year-and-months-differ"}, [*diesel(*(100 + n / 10 for n in range(12))), energy("2025", 1250, "柴油")]),
    "year of its months": (set(), [*diesel(*(200 + 3 * n for n in range(12))), energy("2025", 2600, "柴油")]),
    "renamed": ({"Y05-same-figure-other-key"}, [energy("2025-03", 1000, "汽油"), later(energy("2025-03", 1000, "柴油"))]),
    "origin renamed": ({"Y05-same-figure-other-key"}, [power("2025-03", 1000), later(power("2025-03", 1000, "自备化石"))]),
    "two fuels": (set(), [energy("2025-03", 1000, "汽油"), energy("2025-03", 1001, "柴油"), later(energy("2025-03", 1001, "汽油"))]),
    "spelt otherwise": ({"Y06-like-unit-name"}, [energy("2025-03", 1000, unit_code="1#炉"), later(energy("2025-03", 950, unit_code="1号炉"))]),
    "two furnaces": (set(), [energy("2025-03", 1000, unit_code="1#炉"), later(energy("2025-03", 950, unit_code="2号炉"))]),
    "year to date falls": ({"Y07-year-to-date-falls"}, [output(f"2025-{n:02d}", "纯净水", q, period_kind="累计") for n, q in ((2, 90), (3, 140), (4, 120))]),
    "year to date": (set(), [output(f"2025-{n:02d}", "纯净水", q, period_kind="累计") for n, q in ((2, 90), (3, 140), (4, 182))]),
    "a total of its own name": ({"Y08-looks-like-a-total"}, [energy("2025-03", q, unit_code=unit) for unit, q in (("厂部", 1010), ("1号炉", 607), ("2号炉", 403))]),
    "three furnaces": (set(), [energy("2025-03", q, unit_code=unit) for unit, q in (("1号炉", 1011), ("2号炉", 607), ("3号炉", 403))]),
    "register readings": ({"M14-register-reading", "X03-not-in-account"}, register_readings(152_100, *[100.0] * 30)),
    # one body over time: this year beside that of the enterprises that were taken over, a series that goes on, stocks that are handed over
    "gave up": (set(), [energy(p, 100 + n) for n, p in enumerate(months(2024, 3))]),
    "carries on otherwise": ({"R60-activity"}, [energy(p, 140 + n) for n, p in enumerate(months(2025, 3))]),
    "merged one": (set(), [energy(p, 50 + n) for n, p in enumerate(months(2024, 3))]),
    "merged two": (set(), [energy(p, 60 + n) for n, p in enumerate(months(2024, 3))]),
    "both together": (set(), [energy(p, 120 + n) for n, p in enumerate(months(2025, 3))]),
    "handed over": (set(), [energy("2024-11", 50.5, opening_stock=100, purchased=50.5, closing_stock=100)]),
    "took over late": ({"R61-missing-month"}, [energy("2025-01", 51.5, opening_stock=100, purchased=51.5, closing_stock=100)]),
    "hands over stock": (set(), [energy("2024-12", 52.5, opening_stock=100, purchased=52.5, closing_stock=100)]),
    "finds other stock": ({"R10-stock-across-months"}, [energy("2025-01", 53.5, opening_stock=110, purchased=53.5, closing_stock=110)]),
    "round and": ({"K13-succession-circle"}, [energy("2024-11", 54.5)]),
    "round again": ({"K13-succession-circle"}, [energy("2024-11", 55.5)]),
    "sold in april": (set(), [energy(p, 31 + n) for n, p in enumerate(months(2024, 3))]),
    "bought in april": (set(), [energy(p, 34 + n) for n, p in enumerate(months(2024, 12)[3:])]),
    "heir unknown": ({"K14-successor-unknown"}, [energy("2024-11", 56.5)]),
    "own power only": (set(), [energy("2025-05", 100, "电力"), {**power("2025-05", 100, "自备非化石"), "direction": "自发自用"}]),
}
# name -> rules that it comes near to and must not break
PASSES: dict[str, set[str]] = {
    "basis better": {"R01-source-priority", "R03-basis-missing"}, "upgraded": {"R04-parameter-downgrade"}, "stock continues": {"R10-stock-across-months"},
    "gas flared": {"R12-by-product-gas"}, "power balances": {"R13-power-balance"}, "two forms agree": {"R20-two-sources", "X01-sources-disagree"}, "three times": {"X02-pattern"}, "own power only": {"X03-not-in-account"},
    "parameters move": {"R43-ncv-jump", "R43-carbon-jump"}, "measured each month": {"R43-identical-parameter"}, "energy total right": {"R44-energy-total"},
    "months there": {"R61-missing-month", "R61-zero-month"}, "three times the same": {"R62-identical-months"}, "half copied": {"R62-copied-month"},
    "activity steady": {"R60-activity"}, "bought in april": {"R61-missing-month"}, "both together": {"R60-activity", "K13-succession-circle", "K14-successor-unknown"}, "heat steady": {"R60-ncv"}, "same lime": {"R60-emission", "R60-intensity"}, "usual carbide": {"P01-product-intensity"},
    "unit now measured too": {"R56-mode-change"}, "unit near benchmark": {"R55-benchmark"}, "retired what was bought": {"R74-green-over-purchased"},
    "its holder": {"R74-claimed-twice", "R74-other-holder", "R74-two-holders", "R74-volume", "R74-unknown-certificate", "R74-used-elsewhere"},
    "abated in use": {"P02-abatement-without-use"}, "default repeated": {"R04-value-beside-default"}, "small steel": {"R82-key-emitter"},
    "allocated by the rule": {"R81-computed-allowance"}, "enough allowances": {"R80-surrender-over-held", "R80-ccer-share", "R81-allocation-gap"}, "before the takeover": {"K08-successor"},
    "in operation": {"K07-before-operation", "K07-after-closure", "K09-same-name"}, "registered here": {"K10-code-division"},
    "moved next door": {"K11-division-changed"}, "ends in anything": {"R62-last-digit"}, "begins like Benford": {"R62-first-digit"},
    "rising": {"Y01-looks-year-to-date"}, "nearly last year": {"Y02-copied-year", "Y03-copied-enterprise"}, "year of its months": {"Y04-year-and-months-differ"},
    "two fuels": {"Y05-same-figure-other-key"}, "two furnaces": {"Y06-like-unit-name"}, "year to date": {"Y07-year-to-date-falls"}, "three furnaces": {"Y08-looks-like-a-total"},
    "readings that fit": {"M10-completeness", "M11-month-report", "M12-outage", "M14-register-reading"}, "a year that fits": {"R11-metered-year"},
}
NUMBER = {name: 300 + n for n, name in enumerate(CASES)}
# codes of the authority of 贵阳 and of 遵义; the enterprises stand in 遵义
# who takes over whom, from the first of 2025 where nothing else is said
SOLD = {"sold in april": "2024-04-01"}
SUCCESSOR = {
    "gave up": "carries on otherwise", "merged one": "both together", "merged two": "both together", "handed over": "took over late",
    "hands over stock": "finds other stock", "round and": "round again", "round again": "round and", "heir unknown": "",
    "sold in april": "bought in april",
}
CODE = {uscc(NUMBER[name]): synthetic_code(place, 900, NUMBER[name]) for name, place in (("registered elsewhere", "520100"), ("registered here", "520300"))}
# statistics of a division, by the rule that they break: source -> rows
STATISTICS: dict[str, list[dict[str, Any]]] = {
    "energy_balance": [
        *({"division_code": "540000", "year": 2019, "item": item, "fuel": "原煤", "quantity": quantity, "unit": "万吨"}
          for item, quantity in (("四、终端消费量", 100), ("（1）工业", 60), ("其他", 30))),                                   # Q01: 90 of 100
        *({"division_code": "460000", "year": year, "item": "火力发电", "fuel": fuel, "quantity": quantity, "unit": unit}
          for year, coal, power in ((2018, -500, 100), (2019, -95, 110)) for fuel, quantity, unit in (("原煤", coal, "万吨"), ("电力", power, "亿千瓦时"))),   # Q10, Q12, Q14: 62 gce/kWh
        {"division_code": "520000", "year": 2018, "item": "四、终端消费量", "fuel": "原煤", "quantity": 9000, "unit": "吨"},      # Q11
        {"division_code": "520000", "year": 2018, "item": "（1）工业", "fuel": "原煤", "quantity": 9000, "unit": "吨"},
        # a blank unit is that of the printed form, and comes near without an oddity
        *({"division_code": "630000", "year": year, "item": "火力发电", "fuel": fuel, "quantity": quantity, "unit": ""}
          for year, coal, power in ((2018, -500, 100), (2019, -600, 120)) for fuel, quantity in (("原煤", coal), ("电力", power))),
        {"division_code": "360000", "year": 2019, "item": "城镇", "fuel": "原煤", "quantity": -5, "unit": "万吨"},                  # Q16
        {"division_code": "370000", "year": 2019, "item": "（1）工业", "fuel": "原煤", "quantity": 7.143, "unit": "万吨标准煤"},      # Q17
        # Q15: 500 x 1.7044 / 100 = 0.8522 against 0.4711 of Fujian; 0.7346 with some hydro is near the 0.7355 of Tianjin
        *({"division_code": division, "year": 2021, "item": item, "fuel": fuel, "quantity": quantity, "unit": unit}
          for division, hydro in (("350000", 0), ("120000", 16))
          for item, fuel, quantity, unit in (("火力发电", "原煤", -500, "万吨"), ("火力发电", "电力", 100, "亿千瓦时"), ("一次能源生产量", "电力", hydro, "亿千瓦时"))),
    ],
    "grid_generation": [{"division_code": "460000", "period": "2018", "source": "火电", "generation": 30, "unit": "亿千瓦时"},     # Q13: 100
                        {"division_code": "630000", "period": "2018", "source": "火电", "generation": 98, "unit": "亿千瓦时"},
                        # the units above generate more than 1e5 MWh in May 2024, and less than 1e9 MWh in May 2025
                        {"division_code": "520000", "period": "2024-05", "source": "火电", "generation": 1, "unit": "亿千瓦时"},
                        {"division_code": "520000", "period": "2025-05", "source": "火电", "generation": 10_000, "unit": "亿千瓦时"},
                        *({"division_code": code, "period": "2018", "source": "太阳能", "generation": 1, "unit": "亿千瓦时", "capacity": 100, "capacity_unit": "万千瓦"}
                          for code in ("460000", "630000"))],
    "target_observation": [{"division_code": code, "target_id": "E03", "period": "2018", "value": value, "unit": "万千瓦", "document": "测试文件"}
                           for code, value in (("460000", 106), ("630000", 104))],
    "sector_statistics": [
        *({"indicator": "水泥产量", "period": f"2019-{month:02d}", "period_kind": "累计", "value": value, "unit": "吨"}
          for month, value in ((2, 20), (3, 31), (4, 29))),                                                              # Q02
        *({"indicator": "生铁产量", "period": f"2019-{month:02d}", "value": value, "unit": "吨"}
          for month, value in ((2, 20), (3, 31), (4, 40), (5, 52), (6, 60), (7, 71))),                                   # Q03
        *({"indicator": "粗钢产量", "period": str(year), "value": value, "unit": "吨"} for year, value in ((2017, 5), (2018, 0), (2019, 6))),   # Q05
        {"indicator": "地区生产总值", "period": "2019", "value": 100, "unit": "亿元", "vintage": "修订"},                    # Q07: 99 before
        {"indicator": "地区生产总值", "period": "2019", "value": 99, "unit": "亿元", "vintage": "初步"},
        *({"indicator": "增加值", "industry_code": industry, "period": "2019", "value": 33, "unit": "亿元", "vintage": "初步"}
          for industry in ("第一产业", "第二产业", "第三产业")),                                                            # Q06: 99 of 100
        {"indicator": "终端消费量:优质燃料", "industry_code": "26", "period": "2019", "value": 1, "unit": "吨"},             # Q08
        # and what comes near and is in order: a rising year to date, a season, a zero at the end, parts that make their total
        *({"division_code": "650000", "indicator": "水泥产量", "period": f"2019-{month:02d}", "period_kind": "累计", "value": 10 * month, "unit": "吨"}
          for month in (1, 2, 3)),
        *({"division_code": "650000", "indicator": "生铁产量", "period": f"2019-{month:02d}", "value": value, "unit": "吨"}
          for month, value in ((2, 52), (3, 58), (4, 72), (5, 105), (6, 155), (7, 175))),
        *({"division_code": "650000", "indicator": "粗钢产量", "period": str(year), "value": value, "unit": "吨"} for year, value in ((2018, 5), (2019, 0))),
        {"division_code": "650000", "indicator": "地区生产总值", "period": "2019", "value": 99, "unit": "亿元", "vintage": "修订"},
        *({"division_code": "650000", "indicator": "增加值", "industry_code": industry, "period": "2019", "value": 33, "unit": "亿元", "vintage": "修订"}
          for industry in ("第一产业", "第二产业", "第三产业")),
        {"division_code": "650000", "indicator": "终端消费量:原煤", "industry_code": "26", "period": "2019", "value": 1, "unit": "吨"},
    ],
}
STATISTICS_RULES = {"Q01-balance-identity", "Q02-year-to-date-falls", "Q03-looks-year-to-date", "Q05-zero-missing", "Q06-parts",
                    "Q07-vintages", "Q08-sector-table"}
NEIGHBOUR_RULES = {"Q10-balance-year-before", "Q11-balance-published-total", "Q12-balance-thermal-power", "Q13-balance-grid", "Q14-grid-thermal-bounds",
                   "Q15-grid-published-factor", "Q16-balance-negative", "Q17-balance-standard-quantity"}
# a factor beside a published one, and one that only says that it is confirmed
FACTORS = [
    {"factor_id": f"test:{number}", "kind": "grid", "item": "average", "value": 0.6, "unit": "tCO2/MWh", "area": area, "data_year": 2023, "status": "confirmed",
     "confidence": confidence, "document": "测试文件", "published_on": "2026-01-02"} for number, (area, confidence) in enumerate((("520000", "B"), ("region:测试", "C")))
]
# issues as a deliverer writes them: names and codes of levels and measures, one that is settled on the day after the night
ISSUE = {"issue_id": "I-1", "opened_on": "2026-01-05", "closed_on": "", "tonnes": "", "text_zh": "待检定", "text_en": "to be calibrated", "owner": "某厂"}
ISSUES = [
    {**ISSUE, "level": "企业", "code": uscc(NUMBER["in operation"]), "period": "2025-05", "measure": "直接排放", "tonnes": "-12.5"},
    {**ISSUE, "level": "市州行业", "code": "520300:26", "period": "2025", "measure": "direct_tco2e", "closed_on": "2026-07-01"},
    {**ISSUE, "issue_id": "I-2", "level": "清单", "code": "520000:Thermal_Power", "period": "2007", "measure": "emission_tco2", "closed_on": "2026-06-30"},
]
SALES = [("520200", "26", 400), ("520300", "26", 100_000)]  # 六盘水: less than its enterprises bought; 遵义: more


def _register() -> list[dict[str, str]]:
    dates = {"not yet open": {"operating_from": "2025-06-01"}, "closed": {"operating_to": "2025-03-15"},
             "in operation": {"operating_from": "2025-05-31", "operating_to": "2025-12-31"},
             "bought in april": {"valid_from": "2024-04-01"}, "two codes": {"enterprise_name": "测试企业甲(演示数据)"}, "its other code": {"enterprise_name": "测试企业甲(演示数据)"}}
    steel = ("key emitter", "small steel")
    rows = [
        register_row(number, "03-steel@ndrc" if name in steel else "24-other-industry", "3120" if name in steel else "2613",
                     "520201" if name == "thirsty carbide" else "520302", **dates.get(name, {}))
        for name, number in NUMBER.items()
    ]
    changed = [register_row(NUMBER[name], "24-other-industry", "2613", "520302") for name in ("taken over", "before the takeover")]
    rows += [{**row, "valid_from": "2025-03-01", "successor_uscc": uscc(NUMBER["in operation"])} for row in changed]
    for name, division in (("moved away", "520201"), ("moved next door", "520303")):
        rows.append({**register_row(NUMBER[name], "24-other-industry", "2613", division), "valid_from": "2025-03-01"})
    for name, heir in SUCCESSOR.items():
        row = register_row(NUMBER[name], "24-other-industry", "2613", "520302", valid_from=SOLD.get(name, "2025-01-01"))
        rows.append({**row, "enterprise_name": f"{name}(演示数据)", "successor_uscc": uscc(NUMBER[heir]) if heir else uscc(9000)})
    return [{**row, "uscc": CODE.get(row["uscc"], row["uscc"])} for row in rows]


def _code(name: str) -> str:
    return CODE.get(uscc(NUMBER[name]), uscc(NUMBER[name]))


# what the rules say, and what the tests below look at beside it
TABLES = ("failed_row", "check_result", "worklist", "batch", "fct_statistic_check", "dim_enterprise", "coverage_month", "fct_known_issue")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("current_rules")
    rows: Rows = {}
    for name, (_, facts) in CASES.items():
        for fact in facts:
            rows.setdefault(fact["source"], []).append({"uscc": _code(name), **{k: v for k, v in fact.items() if k != "source"}})
    rows["later_certificate"] = [{**row, "uscc": uscc(NUMBER["two holders"])} for row in rows["later_certificate"]]
    for row in rows["certificate"]:
        if row["certificate_id"] == "G4":
            row["uscc"] = uscc(NUMBER["its holder"])
    rows["grid_sales"] = [{"division_code": d, "industry_code": i, "period": "2025-05", "quantity": q, "unit": "MWh"} for d, i, q in SALES]
    rows.update({source: [{"division_code": "540000", **row} for row in part] for source, part in STATISTICS.items()})
    for row in rows["grid_generation"]:
        row["area"] = row.pop("division_code")
    rows["emission_factor"] = FACTORS
    rows["known_issue"] = ISSUES
    deliver(root / "inbox", "enterprise_register", "register.csv", _register())
    for source, part in rows.items():
        later = source.startswith("later_")
        received = "2026-01-11T09:00:00+08:00" if later else "2026-01-10T09:00:00+08:00"
        deliver(root / "inbox", source.removeprefix("later_"), f"{source}.csv", part, received)
    database, held_back = build_tables_here(root / "inbox", root / "data", *TABLES)
    assert held_back == [], [j.reason_en for j in held_back]
    return database


def rules() -> list[dict[str, str]]:
    with SEED.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


RULES = [rule["check_id"] for rule in rules()]


@pytest.mark.parametrize("name", list(CASES))
def test_rule_on_the_current_view(found: Path, name: str) -> None:
    rows = query(found, "select distinct check_id from quality.failed_row where uscc = ?", _code(name))
    assert {check_id for (check_id,) in rows if check_id in RULES} == CASES[name][0]


def test_an_enterprise_has_its_history_and_its_body(found: Path) -> None:
    """Rows with the day before the next, names as they stood, and one code for the body over time."""
    first, heir = uscc(NUMBER["merged one"]), uscc(NUMBER["both together"])
    rows = query(found, "select valid_from, valid_to, aliases, predecessor_uscc, successor_uscc, succeeded_from, body_uscc, is_in_succession_circle"
                        " from marts.dim_enterprise where uscc in (?, ?) order by uscc, valid_from", first, heir)
    old = f"测试企业{NUMBER['merged one']:03d}(演示数据)"
    assert rows == [
        (date(2020, 1, 1), date(2024, 12, 31), "merged one(演示数据) (2025-01-01 – )", None, heir, date(2025, 1, 1), heir, False),
        (date(2025, 1, 1), None, f"{old} (2020-01-01 – 2024-12-31)", None, heir, date(2025, 1, 1), heir, False),
        (date(2020, 1, 1), None, None, "; ".join(sorted(uscc(NUMBER[name]) for name in ("merged one", "merged two"))), None, None, heir, False),
    ]
    circle = query(found, "select distinct uscc, body_uscc, succeeded_from from marts.dim_enterprise where is_in_succession_circle order by 1")
    codes = sorted(uscc(NUMBER[name]) for name in ("round and", "round again"))
    assert circle == [(code, codes[0], None) for code in codes]


def test_a_body_reports_under_its_successors_code(found: Path) -> None:
    """Who was taken over is not asked any more; a year in which it reported three of three months is whole."""
    asked = query(found, "select min(period), max(period) from quality.coverage_month where uscc = ?", uscc(NUMBER["gave up"]))
    assert asked[0][1] == date(2024, 12, 1)
    whole = query(found, "select completeness_num, completeness_den from marts.fct_account_quality_year where uscc in (?, ?) order by 2",
                  uscc(NUMBER["sold in april"]), uscc(NUMBER["bought in april"]))
    assert whole == [(3, 3), (9, 9)]
    assert query(found, "select count(*) from quality.coverage_month where uscc = ? and period >= '2025-01-01'", uscc(NUMBER["round and"]))[0][0] > 0


def test_a_known_issue_reaches_its_table(found: Path) -> None:
    rows = query(found, "select issue_id, level, code, code_name, period, period_kind, measure, is_open, tonnes_tco2e, is_synthetic from marts.fct_known_issue order by 1, 2")
    number = NUMBER["in operation"]
    assert rows == [
        ("I-1", "enterprise", uscc(number), f"测试企业{number:03d}(演示数据)", date(2025, 5, 1), "month", "direct_tco2e", True, Decimal("-12.500"), True),
        ("I-1", "prefecture_industry", "520300:26", "遵义市：化学原料和化学制品制造业", date(2025, 1, 1), "year", "direct_tco2e", True, None, True),
        ("I-2", "inventory", "520000:thermal_power", "贵州省", date(2007, 1, 1), "year", "emission_tco2", False, None, True),
    ]


def test_sales_are_compared_with_purchases(found: Path) -> None:
    assert query(found, "select reported_value, message_en from quality.failed_row where check_id = 'R20-grid-sales'") == [
        ("400", "400 MWh were sold to the industry in the area, while its enterprises report 500 MWh purchased")]


def test_evidence_is_late_by_the_first_time_it_came(found: Path) -> None:
    """Evidence of 2024 came in January 2026; that of December came in time, in the other file."""
    rows = query(found, "select file_name, row_no, reported_value, message_en from quality.failed_row where check_id = 'M13-late'")
    assert rows == [("power_unit_month.csv", 0, "2026-01-10", "monthly evidence was due by 2024-02-20 and came on 2026-01-10")]


def test_odd_statistics_are_told_and_shown(found: Path) -> None:
    rows = query(found, "select check_id, source from quality.failed_row where source in ('energy_balance', 'sector_statistics') and check_id like 'Q0%'")
    assert sorted(check_id for check_id, _ in rows) == sorted(STATISTICS_RULES)
    shown = query(found, "select check_id, expected, found, unit, message_en from marts.fct_statistic_check where division_code = '540000' order by 1")
    assert {row[0] for row in shown} == STATISTICS_RULES | {"Q04-months-together"}
    assert ("Q01-balance-identity", 900_000.0, 1_000_000.0, "t") in [row[:4] for row in shown]
    assert [row[1:3] for row in shown if row[0] == "Q06-parts"] == [(1_000_000.0, 990_000.0)]   # the revised total, 1e4 CNY
    assert [row for row in shown if "{" in row[4]] == []


def test_own_figures_stand_beside_delivered_ones(found: Path) -> None:
    rows = query(found, "select check_id, message_en from quality.failed_row where check_id in ('R20-observation-own', 'R81-computed-allowance') order by 1")
    assert rows == [("R20-observation-own", "target E03: 106 was observed, the own figure is 100"),
                    ("R81-computed-allowance", "a free allocation of 1000000 t, while the allocation rule gives 1146192.222 t")]
    assert query(found, "select distinct period from quality.failed_row where check_id = 'R20-units-over-statistics'") == [(date(2024, 5, 1),)]


def test_balances_are_held_against_what_stands_beside_them(found: Path) -> None:
    rows = query(found, "select check_id, message_en from quality.failed_row where check_id like 'Q1%' order by 1")
    assert rows == [
        ("Q10-balance-year-before", "the largest figure of the balance is 950000, 5000000 before: raw coal (t, 2018), more than five times apart"),
        ("Q11-balance-published-total", "the balance makes 0.01534 Mt CO2 from fuels, while the published inventory has 219.58601 Mt for 2016: more than five times apart"),
        ("Q12-balance-thermal-power", "thermal power takes 678585 tce and makes 11000000 MWh: 61.68955 gce/kWh is impossible"),
        ("Q13-balance-grid", "thermal power is 10000000 MWh in the balance and 3000000 MWh in the statistics of generation: more than twice apart"),
        ("Q14-grid-thermal-bounds", "a MWh of thermal power emits 0.1472 tCO2, beyond the bounds of physics: 2019 (energy_balance, 0.75 to 1.15), no factor is given"),
        ("Q15-grid-published-factor", "the own average grid factor is 0.85219 tCO2/MWh, the published one of the year 0.4711, further apart than the limit: 2021 (energy balance: all fuel put into"
         " thermal power (captive plants, waste heat and by-product gas among it) and primary electricity; heat supply is a row of its own and not inside; per MWh generated, own use of plants"
         " and line losses not taken off; the published one is confirmed)"),
        ("Q16-balance-negative", "the energy balance, Urban, raw coal, t: -50000 is below zero, which this row cannot be; it is used as it is and shown"),
        ("Q17-balance-standard-quantity", "cells of the energy balance in standard coal: 1; raw coal, converted back by the coefficient of the year"),
    ]


def test_every_rule_has_a_case_that_it_catches_and_one_that_it_passes() -> None:
    alone = {"R20-grid-sales", "M13-late", "B01-unexplained-share", "B02-large-cause", "E01-published-factor-stands", "E02-counts-as-unconfirmed", "R20-observation-own", "R20-units-over-statistics", *STATISTICS_RULES, *NEIGHBOUR_RULES}   # findings of no enterprise: the tests above, and test_bridge.py
    assert set().union(*(expected for expected, _ in CASES.values())) | alone == set(RULES)
    assert set().union(*PASSES.values()) | alone == set(RULES)
    assert all(not rules & CASES[name][0] for name, rules in PASSES.items())


def test_findings_are_told_worked_on_and_never_quarantine(found: Path) -> None:
    listed = ", ".join(f"'{check_id}'" for check_id in RULES)
    rows = query(found, f"select severity, message_zh, message_en, advice_zh, advice_en from quality.failed_row where check_id in ({listed})")
    assert {severity for severity, *_ in rows} == {"info"}
    assert [texts for _, *texts in rows if any(text is None or "{" in text for text in texts)] == []
    for table in ("quality.check_result", "quality.worklist"):
        assert {c for (c,) in query(found, f"select distinct check_id from {table}")} >= set(RULES) - {"B01-unexplained-share", "B02-large-cause"}
    assert query(found, "select count(*) from quality.batch where rows_quarantined > 0") == [(0,)]


def test_names_of_rules_are_one_list() -> None:
    gate = {rule.id for source in load_sources() for rule in load_suite(PROJECT / "expectations", source).rules}
    assert len(set(RULES)) == len(RULES) and not gate & set(RULES)
    for rule in rules():
        assert rule["kind"] in ("exact", "range", "statistical")
        assert all(rule[column] for column in ("zh", "en", "why_zh", "why_en", "advice_zh", "advice_en", "owner", "since"))


def test_only_enterprises_with_a_held_row_have_findings(release: Release) -> None:
    """The synthetic province is in order but for its planted faults: a row that is held leaves a gap in its series."""
    listed = ", ".join(f"'{check_id}'" for check_id in RULES)
    assert query(release.database, f"""select distinct check_id, uscc from quality.failed_row where check_id in ({listed})
        and uscc not in (select uscc from quality.failed_row where severity = 'warning' and uscc is not null)""") == []
