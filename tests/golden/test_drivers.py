"""Drivers of the change of emissions and intervals of totals, worked by hand in drivers.md."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import build_tables_here, query
from tests.deliveries import deliver, register_row, uscc

DIESEL, METERED, BOOKS, MEASURED = range(81, 85)
TABLES = ("fct_driver_year", "fct_carbon_productivity_year", "fct_uncertainty_year", "assert_drivers_add_up", "assert_every_line_has_its_errors",
          "assert_errors_cover_the_totals")
EFFECTS = ("population", "gdp_per_head", "structure", "energy_intensity", "fuel_mix", "emission_factor", "process_intensity")


def _balance(year: int, *cells: tuple[str, str, float, str], division: str = "530000") -> list[dict]:
    return [{"division_code": division, "year": year, "item": item, "fuel": fuel, "quantity": quantity, "unit": unit} for item, fuel, quantity, unit in cells]


def _figure(indicator: str, year: int, value: float, unit: str = "亿元", division: str = "530000", industry: str = "", vintage: str = "修订") -> dict:
    return {"division_code": division, "industry_code": industry, "indicator": indicator, "period": year, "value": value, "unit": unit,
            "vintage": vintage, "published_on": "2025-06-30"}


def _coal(number: int, period: str, **more: Any) -> dict:
    return {"uscc": uscc(number), "period": period, "energy": "一般烟煤", "unit": "t", "consumed": 1000, **more}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("drivers")
    inbox = root / "inbox"
    farming, industry = "农、林、牧、渔、水利业", "工业"
    deliver(inbox, "energy_balance", "balance.csv", [
        *_balance(2010, (farming, "柴油", 10, "万吨"), (industry, "原煤", 100, "万吨")),
        *_balance(2012, (farming, "柴油", 8, "万吨"), (industry, "原煤", 120, "万吨"), (industry, "天然气", 2, "亿立方米")),
        *_balance(2015, (industry, "原煤", 130, "万吨")),
        # 450000: GDP at current prices only; 460000: population of two vintages; 620000: GDP of two vintages
        *(cell for division in ("450000", "460000", "620000") for year, coal in ((2010, 100), (2012, 120))
          for cell in _balance(year, (industry, "原煤", coal, "万吨"), division=division)),
    ], synthetic=False)
    deliver(inbox, "energy_balance", "demo.csv", _balance(2020, (industry, "原煤", 90, "万吨")), synthetic=True)
    deliver(inbox, "sector_statistics", "statistics.csv", [
        _figure("地区生产总值（2010年价格）", 2010, 10000), _figure("地区生产总值（2010年价格）", 2012, 12500), _figure("地区生产总值", 2010, 10000),
        _figure("地区生产总值", 2012, 13000, vintage="初步"), _figure("地区生产总值", 2012, 14000), _figure("地区生产总值", 2015, 15000),
        _figure("年末常住人口", 2010, 5000, "万人"), _figure("年末常住人口", 2012, 5050, "万人"),
        _figure("第一产业增加值", 2010, 2000), _figure("增加值", 2012, 2100, industry="第一产业"),
        _figure("第二产业增加值", 2010, 8000), _figure("增加值", 2012, 11900, industry="第二产业"),
    ], synthetic=False)
    constant = "地区生产总值（2010年价格）"
    deliver(inbox, "sector_statistics", "unlike.csv", [
        *(_figure("年末常住人口", year, people, "万人", division) for division in ("450000", "620000") for year, people in ((2010, 4000), (2012, 4400))),
        _figure("年末常住人口", 2010, 4000, "万人", "460000"), _figure("年末常住人口", 2012, 4400, "万人", "460000", vintage="初步"),
        *(_figure("地区生产总值", year, value, division="450000") for year, value in ((2010, 1000), (2012, 1500))),
        *(_figure(constant, year, value, division="460000") for year, value in ((2010, 1000), (2012, 1200))),
        _figure(constant, 2010, 1000, division="620000"), _figure(constant, 2012, 1300, division="620000", vintage="初步"),
    ], synthetic=False)
    # a preliminary figure of both years, made up, beside a real revised one of the first
    deliver(inbox, "sector_statistics", "revised.csv", [_figure("年末常住人口", 2023, 550, "万人", "520100")], synthetic=False)
    deliver(inbox, "sector_statistics", "city.csv", [
        *(_figure("地区生产总值（2023年价格）", year, value, division="520100") for year, value in ((2023, 1000), (2024, 1100))),
        *(_figure("年末常住人口", year, 600, "万人", "520100", vintage="初步") for year in (2023, 2024)),
    ])
    deliver(inbox, "enterprise_register", "register.csv", [register_row(n, "24-other-industry", "3012") for n in (DIESEL, METERED, BOOKS, MEASURED)])
    deliver(inbox, "enterprise_energy", "energy.csv", [
        *({"uscc": uscc(DIESEL), "period": f"{year}-{month:02d}", "energy": "柴油", "unit": "t", "consumed": consumed, "feedstock": feedstock}
          for year, consumed, feedstock in ((2023, 10, ""), (2024, 15, 3)) for month in range(1, 13)),
        _coal(METERED, "2022-05", basis="监测"), _coal(BOOKS, "2022-05", basis="台账"),
        _coal(MEASURED, "2021-05", basis="监测", ncv=20, ncv_unit="GJ/t", carbon_content=0.026, carbon_content_unit="tC/GJ", oxidation_rate=98, parameter_basis="实测"),
    ])
    built, held_back = build_tables_here(inbox, root / "data", *TABLES)
    assert held_back == []
    return built


def _drivers(database: Path, code: str, factor_set: str = "ceads_uniform") -> dict[tuple, dict[str, Any]]:
    names = ["industry", "from_period", "period", "change_tco2e", "is_base_to_latest", *(f"{e}_tco2e" for e in EFFECTS), "residual_tco2e", "price_basis", "split_by", "gdp_hold_code", "hold_code", "from_population", "from_population_vintage", "to_population_vintage",
             "from_gdp_vintage", "to_gdp_vintage", "is_synthetic"]
    rows = query(database, f"select {', '.join(names)} from marts.fct_driver_year where code = ? and factor_set = ?", code, factor_set)
    return {(r[0], r[1] and r[1].year, r[2].year): dict(zip(names, r, strict=True)) for r in rows}


def test_effects_of_two_balances(database: Path) -> None:
    found = _drivers(database, "530000")
    row = found["", 2010, 2012]
    wanted = (21362.677, 457711.208, 33573.513, 271124.432, -72627.244, 0, 0)
    assert [float(row[f"{e}_tco2e"]) for e in EFFECTS] == pytest.approx(wanted, abs=0.002)
    assert float(row["change_tco2e"]) == pytest.approx(711144.586, abs=0.002)
    assert abs(row["residual_tco2e"]) <= 1e-9 * abs(float(row["change_tco2e"]))
    assert (row["price_basis"], row["split_by"], row["hold_code"], row["is_synthetic"]) == ("2010", "economic_group", None, False)
    farming, industry = found["第一产业", 2010, 2012], found["第二产业", 2010, 2012]
    assert float(farming["structure_tco2e"]) == pytest.approx(277294.091 * -0.28768207, abs=0.01)
    assert float(industry["fuel_mix_tco2e"]) == pytest.approx(-72627.244, abs=0.002)


def test_what_cannot_be_taken_apart_says_why(database: Path) -> None:
    found = _drivers(database, "530000")
    assert {key: (row["hold_code"], row["is_synthetic"]) for key, row in found.items() if row["hold_code"]} == {
        ("", 2012, 2015): ("no_population", False), ("", 2010, 2015): ("no_population", False), ("", None, 2020): ("one_year_only", True),
    }
    assert all(row[f"{e}_tco2e"] is None for row in found.values() if row["hold_code"] for e in EFFECTS)
    # the official sets have no factor for raw coal
    assert _drivers(database, "530000", "ndrc-2015")["", 2010, 2012]["hold_code"] == "factors_missing"
    # months are missing
    assert _drivers(database, "520100", "")["", 2021, 2022]["hold_code"] == "incomplete_year"


def test_unlike_figures_are_never_compared(database: Path) -> None:
    """Energy per head where GDP cannot be compared: L = 340875.175 / ln 1.2; population ln 1.1, energy per head ln (1.2 / 1.1)."""
    row = _drivers(database, "450000")["", 2010, 2012]
    assert (row["gdp_hold_code"], row["hold_code"], row["price_basis"], row["split_by"]) == ("current_prices", None, "current", "none")
    assert [row[f"{e}_tco2e"] and float(row[f"{e}_tco2e"]) for e in EFFECTS] == pytest.approx(
        [178195.463, None, None, 162679.712, 0, 0, 0], abs=0.002)
    assert abs(row["residual_tco2e"]) <= 1e-9 * abs(float(row["change_tco2e"]))
    row = _drivers(database, "620000")["", 2010, 2012]
    assert (row["gdp_hold_code"], row["hold_code"], row["from_gdp_vintage"], row["to_gdp_vintage"]) == ("gdp_vintages_differ", None, "修订", "初步")
    assert float(row["population_tco2e"]) == pytest.approx(178195.463, abs=0.002)
    row = _drivers(database, "460000")["", 2010, 2012]
    assert (row["hold_code"], row["from_population_vintage"], row["to_population_vintage"]) == ("population_vintages_differ", "修订", "初步")
    assert all(row[f"{e}_tco2e"] is None for e in EFFECTS)


def test_growth_is_of_one_series_at_prices_of_one_year(database: Path) -> None:
    rows = query(database, "select code, price_basis, hold_code, elasticity is null, gdp_growth, co2_intensity_change is null from marts.fct_carbon_productivity_year"
                 " where factor_set = 'ceads_uniform' and period = date '2012-01-01' and code in ('450000', '460000', '620000') order by 1")
    assert rows == [("450000", "current", "current_prices", True, None, True), ("460000", "2010", None, False, pytest.approx(0.2), False),
                    ("620000", "2010", "vintages_differ", True, None, True)]


def test_effects_of_the_ledger_leave_feedstock_out(database: Path) -> None:
    row = _drivers(database, "520100", "")["", 2023, 2024]
    change = float(row["change_tco2e"])
    assert change > 0
    shares = [float(row[f"{e}_tco2e"]) / change for e in EFFECTS]
    # lines are whole kilograms: the factor per tce moves in the fifth figure
    assert shares == pytest.approx([0, 0.522758, 0, 0.477242, 0, 0, 0], abs=1e-4)
    assert (row["price_basis"], row["split_by"], row["is_synthetic"]) == ("2023", "none", True)
    # the real revised population of 2023 (550) is not held against the preliminary one of 2024
    assert (row["from_population"], row["from_population_vintage"], row["to_population_vintage"]) == (6_000_000, "初步", "初步")
    # 2021 and 2022 are not whole: the first whole year is the base
    assert [key for key, one in _drivers(database, "520100", "").items() if one["is_base_to_latest"]] == [("", 2023, 2024)]
    ((elasticity, state, change),) = query(database, """select elasticity, decoupling_state, co2_intensity_change
        from marts.fct_carbon_productivity_year where code = '520100' and period = ?""", date(2024, 1, 1))
    assert (elasticity, state, change) == (pytest.approx(2.0, abs=1e-4), "expansive_negative_decoupling", pytest.approx(1.2 / 1.1 - 1, abs=1e-4))


def test_shared_factor_errors_do_not_average_out(database: Path) -> None:
    sql = """select relative_half_width, factor_share, naive_independent / value, largest_contributor, mc_low, mc_high, low, high
        from marts.fct_uncertainty_year where level = 'province' and code = '520000' and measure = 'direct_tco2e' and period = ?"""
    ((relative, factors, naive, largest, *_),) = query(database, sql, date(2022, 1, 1))
    assert (relative, factors, naive) == pytest.approx((0.2099554, 0.984546, 0.1496037), abs=2e-6)
    assert largest == "fuel:ndrc-2015:bituminous:ncv"
    ((relative, factors, naive, _, mc_low, mc_high, low, high),) = query(database, sql, date(2021, 1, 1))
    assert (relative, factors, naive) == pytest.approx((0.0335410, 0.8, 0.0335410), abs=1e-6)
    assert mc_high - mc_low == pytest.approx(high - low, rel=0.02)


def test_simulation_agrees_where_the_interval_is_narrow(database: Path) -> None:
    rows = query(database, """select concat_ws('|', basis, factor_set, code, period, measure), (mc_high - mc_low) / (high - low)
        from marts.fct_uncertainty_year where mc_draws > 0 and relative_half_width < 0.15""")
    assert len(rows) >= 8
    assert [row for row in rows if abs(row[1] - 1) > 0.02] == []
