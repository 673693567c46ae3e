"""Published cases from outside, worked by others: fed through the deliveries, equal within the rounding of their source (published_cases.md)."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import build_tables_here, query
from tests.deliveries import deliver, register_row, uscc

# what the figures below are looked up in
TABLES = ("fct_enterprise_emission_line", "fct_enterprise_account_month", "fct_ets_industry_year", "fct_power_unit_month")

STEEL, POWER, CEMENT, CHEMICALS, GAS_PLANT, FACTORS = range(71, 77)
REGISTER = [
    register_row(STEEL, "03-steel", "3110", ets="是"), register_row(POWER, "01-power@ndrc", "4411"), register_row(CEMENT, "08-cement", "3011"),
    register_row(CHEMICALS, "04-chemicals", "2621"), register_row(GAS_PLANT, "01-power", "4411", ets="是"),
    register_row(FACTORS, "24-other-industry", "3012"),
]

# enterprise, fuel, quantity, unit, NCV, carbon content [tC/GJ], oxidation [%] (None: not printed), emission as printed [tCO2]
FUEL = [
    (STEEL, "无烟煤", 2317.68, "t", 25.024, 0.02749, None, "5845.97"),
    (STEEL, "一般烟煤", 120188.43, "t", 23.736, 0.02618, None, "273849.07"),
    (STEEL, "洗精煤", 300810.90, "t", 26.344, 0.02541, None, "738331.47"),
    (STEEL, "焦炭", 66522.44, "t", 28.435, 0.02942, None, "204049.48"),
    (STEEL, "焦炉煤气", 920.50, "1e4 Nm3", 173.854, 0.0121, None, "7100.11"),
    (POWER, "原煤", 372000, "t", 21.5, 0.02618, 100, "767754.68"),
    (POWER, "天然气", 4200, "1e4 Nm3", 389.31, 0.01532, 100, "91849.13"),
    (POWER, "柴油", 1200, "t", 42.652, 0.0202, 100, "3790.91"),
    (POWER, "燃料油", 1600, "t", 41.816, 0.0211, 100, "5176.26"),
    (CEMENT, "一般烟煤", 18000, "t", 23.736, 0.02618, 100, "41012.96"),
    (CEMENT, "无烟煤", 9600, "t", 25.024, 0.02749, 100, "24214.42"),
    (CEMENT, "石油焦", 4200, "t", 32.5, 0.0275, 100, "13763.75"),
    (CHEMICALS, "焦炉煤气", 2600, "1e4 Nm3", 173.854, 0.0121, 100, "20054.64"),
    (CHEMICALS, "燃料油", 520, "t", 41.816, 0.0211, 100, "1682.29"),
]
# enterprise, role, item, quantity [t], factor as printed [tCO2/t] (None: the default is to give it), emission as printed [tCO2]
PROCESS = [
    (STEEL, "原料", "高碳铬铁", 312.00, 0.348, "108.58"), (STEEL, "原料", "微碳锰铁", 1256.54, 0.004, "5.03"),
    (STEEL, "原料", "电炉高碳锰铁", 1301.32, 0.275, "357.86"), (STEEL, "原料", "锰硅合金", 6181.94, 0.092, "568.74"),
    (STEEL, "原料", "硅铁", 1798.22, 0.007, "12.59"), (STEEL, "原料", "钼铁合金", 20.54, 0.018, "0.37"),
    (STEEL, "原料", "镍铁", 0, 0.037, "0.00"), (STEEL, "原料", "废钢", 55461.56, 0.037, "2052.08"),
    (STEEL, "原料", "生铁", 9867.76, 0.172, "1697.25"), (STEEL, "辅料", "电极", 371.22, 3.663, "1359.78"),
    (STEEL, "辅料", "白云石", 53361.58, 0.476, "25400.11"), (STEEL, "辅料", "石灰石", 1891.38, 0.440, "832.21"),
    (STEEL, "产品固碳", "粗钢", 595279.00, 0.037, "-22025.32"), (STEEL, "产品固碳", "粗苯", 1878.22, 3.382, "-6352.14"),
    (STEEL, "产品固碳", "煤焦油", 7089.94, 2.699, "-19135.75"),
    (CHEMICALS, "辅料", "石灰石", 8600, None, "3784.00"), (CHEMICALS, "辅料", "纯碱", 3200, None, "1328.00"),
    (CHEMICALS, "产品固碳", "甲醇产量", 4200, None, "-5775.00"),
]
# fuel, unit, emission of one unit as printed by the other tool: ours by default
BY_DEFAULT = [("天然气", "1e4 Nm3", "21.62"), ("柴油", "t", "3.096"), ("汽油", "t", "2.925")]


def _period(number: int) -> str:
    return "2026-06" if number == STEEL else "2025-06"


def _fuel_row(number: int, energy: str, quantity: float, unit: str, ncv: float, carbon: float, oxidation: float | None) -> dict:
    return {
        "uscc": uscc(number), "period": _period(number), "energy": energy, "unit": unit, "consumed": quantity, "ncv": ncv,
        "ncv_unit": "GJ/1e4Nm3" if unit == "1e4 Nm3" else "GJ/t", "carbon_content": carbon, "carbon_content_unit": "tC/GJ",
        "oxidation_rate": "" if oxidation is None else oxidation,
    }


def _process_row(number: int, role: str, item: str, quantity: float, factor: float | None) -> dict:
    return {"uscc": uscc(number), "period": _period(number), "role": role, "item": item, "quantity": quantity, "unit": "t",
            "emission_factor": "" if factor is None else factor, "emission_factor_unit": "" if factor is None else "tCO2/t"}


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("published_cases")
    at = "2026-10-20T09:00:00+08:00"
    fuel = [_fuel_row(*row[:-1]) for row in FUEL]
    fuel += [{"uscc": uscc(FACTORS), "period": "2025-06", "energy": energy, "unit": unit, "consumed": 1000} for energy, unit, _ in BY_DEFAULT]
    deliver(root / "inbox", "enterprise_register", "register.csv", REGISTER, at)
    deliver(root / "inbox", "enterprise_energy", "energy.csv", fuel, at)
    deliver(root / "inbox", "enterprise_process", "process.csv", [_process_row(*row[:-1]) for row in PROCESS], at)
    deliver(root / "inbox", "enterprise_output", "output.csv",
            [{"uscc": uscc(STEEL), "period": "2026-06", "item": "粗钢", "quantity": 595279, "unit": "吨"}], at)
    deliver(root / "inbox", "power_unit_month", "units.csv", [{
        "uscc": uscc(GAS_PLANT), "unit_code": "1", "period": "2026-09", "unit_class": "gas", "fuel": "天然气", "coal_t": 21,
        "ncv_gj_per_t": 389.31, "carbon_tc_per_t": 5.96, "oxidation_rate": 99,
    }], at)
    database, held_back = build_tables_here(root / "inbox", root / "data", *TABLES, as_of="2026-10-31")
    assert held_back == [], [j.reason_en for j in held_back]
    return database


def half_of_the_last_digit(printed: str) -> Decimal:
    """The rounding of a printed figure."""
    return Decimal((0, (5,), Decimal(printed).as_tuple().exponent - 1))


def _emission(cases: Path, number: int, quantity: float, item_like: str) -> Decimal:
    rows = query(cases, "select emission_tco2e from marts.fct_enterprise_emission_line where uscc = ? and abs(abs(activity_quantity) - ?) < 1e-6"
                        " and emission_source = ?", uscc(number), quantity, item_like)
    assert len(rows) == 1, rows
    return rows[0][0]


@pytest.mark.parametrize("row", FUEL, ids=lambda row: f"{row[0]}-{row[1]}")
def test_fuel(cases: Path, row: tuple) -> None:
    found = _emission(cases, row[0], row[2], "fuel")
    assert abs(found - Decimal(row[-1])) <= half_of_the_last_digit(row[-1])


@pytest.mark.parametrize("row", PROCESS, ids=lambda row: f"{row[0]}-{row[2]}")
def test_process(cases: Path, row: tuple) -> None:
    found = _emission(cases, row[0], row[3], "product_deduction" if row[1] == "产品固碳" else "process")
    assert abs(found - Decimal(row[-1])) <= half_of_the_last_digit(row[-1])


def test_steel_filing_adds_up(cases: Path) -> None:
    ((fuel, process, product, direct, scope),) = query(
        cases, "select fuel_tco2e, process_tco2e, product_deduction_tco2e, direct_tco2e, ets_direct_tco2e from marts.fct_enterprise_account_month"
               " where uscc = ?", uscc(STEEL))
    # the filing adds figures that were rounded to 0.01 t each
    assert abs(fuel - Decimal("1229176.10")) <= 5 * Decimal("0.005")
    assert abs(process - Decimal("32394.60")) <= 12 * Decimal("0.005")
    assert abs(product + Decimal("47513.21")) <= 3 * Decimal("0.005")
    assert abs(direct - Decimal("1214057.49")) <= 20 * Decimal("0.005")
    assert scope == direct


def test_steel_intensity(cases: Path) -> None:
    ((intensity, method),) = query(cases, "select intensity, method_version from marts.fct_ets_industry_year where uscc = ?", uscc(STEEL))
    assert method == "cets-2024" and abs(intensity - 2.0395) <= 0.00005


def test_gas_unit_of_a_monthly_form(cases: Path) -> None:
    ((emission, heat),) = query(cases, "select emission_tco2e, fuel_quantity * 389.31 from marts.fct_power_unit_month where uscc = ?", uscc(GAS_PLANT))
    assert abs(emission - Decimal("454.33")) <= half_of_the_last_digit("454.33")
    assert heat == pytest.approx(8175.51, abs=0.005)


@pytest.mark.parametrize(("energy", "unit", "printed"), BY_DEFAULT)
def test_default_factors_of_another_tool(cases: Path, energy: str, unit: str, printed: str) -> None:
    rows = query(cases, "select factor_value, factor_tier from marts.fct_enterprise_emission_line where uscc = ? and item like ?", uscc(FACTORS), energy + "%")
    assert [tier for _, tier in rows] == ["method_default"]
    assert abs(Decimal(str(rows[0][0])) - Decimal(printed)) <= half_of_the_last_digit(printed)


def test_every_printed_figure_stands_in_the_document() -> None:
    document = (Path(__file__).parent / "published_cases.md").read_text("utf-8").replace(" ", "")
    printed = [row[-1].lstrip("-") for row in (*FUEL, *PROCESS)] + [row[-1] for row in BY_DEFAULT]
    assert [figure for figure in printed if figure not in document] == []
