"""Guizhou 2007-2014 from the balances that come with the project: inventory, views, trend, drivers, grid, worked by hand in real_years.md."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from pipelines.settings import PROJECT
from tests.conftest import build_tables_here, query
from tests.deliveries import deliver

PUBLISHED = PROJECT / "data" / "raw" / "published"
RECOVERED = range(2008, 2015)
TABLES = ("fct_inventory_year", "fct_inventory_view_year", "fct_inventory_check_year", "fct_inventory_trend_year", "fct_statistic_check", "fct_balance_check", "fct_grid_factor_year", "fct_driver_year", "assert_inventory_conserves_activity")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("real_years")
    (root / "inbox").mkdir()
    database, held_back = build_tables_here(root / "inbox", root / "data", *TABLES)
    assert held_back == []
    return database


@pytest.mark.parametrize("year", RECOVERED)
def test_recovered_tables_say_what_they_are(year: int) -> None:
    said = yaml.safe_load((PUBLISHED / "energy_balance" / f"guizhou_{year}.csv.meta.yml").read_text("utf-8"))
    assert (said["confidence"], said["synthetic"], str(said["document_date"])) == ("B", False, f"{year + 1}-12-31")
    assert "由标准量还原" in said["document"] and "three digits" in said["note"]


def test_every_cell_of_every_year_counts(built: Path) -> None:
    cells = {}
    for year in range(2007, 2015):
        with (PUBLISHED / "energy_balance" / f"guizhou_{year}.csv").open(encoding="utf-8") as handle:
            cells[year] = sum(1 for _ in csv.DictReader(handle))
    found = query(built, "select year, count(*) from intermediate.int_inventory__balance_cell where division_code = '520000' and not is_synthetic group by year")
    assert dict(found) == cells


def test_identities_are_asked_of_what_a_table_carries(built: Path) -> None:
    """2013: 492.70 + 1185.40 - 500.08 = 1178.02 against 1054.00 + 74.02 = 1128.02, 50.00 apart as recovered; no other year has a gap."""
    found = query(built, "select year(period), item, indicator, round(expected / 1e5, 2), round(found / 1e5, 2) from marts.fct_statistic_check"
                  " where check_id = 'Q01-balance-identity' and year(period) > 2007")
    assert found == [(2013, "grid:electricity", "电力", 1178.02, 1128.02)]
    asked = query(built, "select distinct year from marts.fct_balance_check where identity = 'balance_difference' order by 1")
    assert asked == [(2007,)]


def test_a_step_between_two_yearbooks_is_shown(built: Path) -> None:
    """From 2011 petroleum coke has a column of its own: 47.09 after 2.00, other petroleum 0.89 after 42.39 (1e4 t)."""
    found = query(built, "select indicator, expected, found from marts.fct_statistic_check where check_id = 'Q10-balance-year-before' order by 1")
    assert found == [("其他石油制品", 423_900.0, 8_900.0), ("石油焦", 20_000.0, 470_900.0)]


def test_eight_real_years_stand_in_the_trend(built: Path) -> None:
    rows = query(built, "select year, verdict, is_synthetic from marts.fct_inventory_trend_year where factor_set = 'ceads_uniform' and fuel = 'fuels_total'"
                 " and computed_mtco2 is not null order by 1")
    assert rows == [(year, "agrees", False) for year in range(2007, 2015)]


# computed against published [%], real_years.md; other gas of the form that has its two columns apart
TOTAL = {2007: -0.20, 2008: 0.28, 2009: 0.15, 2010: -0.74, 2011: -1.03, 2012: -0.08, 2013: -0.83, 2014: -0.57}
OTHER_GAS = {2010: 1.85, 2011: 1.74, 2012: 0.94, 2013: 1.88, 2014: 0.50}
DOUBTFUL_OTHER_GAS = {2008: 61.80, 2009: 61.76}


def _difference(built: Path, fuel: str, factor_set: str = "ceads_uniform") -> dict[int, float]:
    return dict(query(built, "select year, difference_percent from marts.fct_inventory_check_year where division_code = '520000' and factor_set = ? and fuel = ?"
                      " and published_mtco2 is not null", factor_set, fuel))


def test_totals_of_eight_years_agree_with_the_published_ones(built: Path) -> None:
    found = _difference(built, "fuels_total")
    assert found == pytest.approx(TOTAL, abs=0.005)
    assert max(abs(gap) for gap in found.values()) < 1.1


def test_gases_of_the_furnaces_are_other_gas_as_published(built: Path) -> None:
    found = _difference(built, "other_gas")
    assert found == pytest.approx(OTHER_GAS | DOUBTFUL_OTHER_GAS, abs=0.005)
    assert max(abs(found[year]) for year in OTHER_GAS) < 3


def test_what_a_set_counts_as_another_fuel_says_so(built: Path) -> None:
    rows = query(built, "select fuel, counted_as, factor_value, sum(activity_quantity), sum(emission_tco2), bool_and(counted_as_zh is not null)"
                 " from marts.fct_inventory_year where year = 2010 and factor_set = 'ceads_uniform'"
                 " and fuel in ('gangue', 'blast_furnace_gas', 'converter_gas') group by 1, 2, 3 order by 1")
    assert [(r[0], r[1], r[3], r[5]) for r in rows] == [
        ("blast_furnace_gas", "other_gas", 550_300.0, True), ("converter_gas", "other_gas", 21_100.0, True), ("gangue", "briquette", 349_500.0, True)]
    for row, tonnes in zip(rows, (3_279_389.256, 125_740.711, 492_034.617), strict=True):
        assert float(row[4]) == pytest.approx(tonnes, abs=0.002)
    official = query(built, "select fuel, bool_and(is_held_back), bool_and(counted_as is null) from marts.fct_inventory_year where year = 2010"
                     " and factor_set = 'ndrc-2015' and fuel in ('gangue', 'blast_furnace_gas', 'converter_gas') group by 1")
    assert official == [("gangue", True, True)]


def test_lng_is_held_back_and_stands_in_no_comparison(built: Path) -> None:
    rows = query(built, "select year, fuel, counted_as, counted_as_en is null from marts.fct_inventory_year where factor_set = 'ceads_uniform'"
                 " and is_held_back and activity_quantity <> 0 order by 1")
    assert rows == [(year, "lng", None, False) for year in range(2010, 2015)]
    assert query(built, "select sum(held_back_rows) from marts.fct_inventory_check_year where factor_set like 'ceads%'") == [(0,)]


def test_both_views_of_eight_years(built: Path) -> None:
    """2012: power sent 564.17e8 kWh x 0.5471301 = 30.867 Mt, none received."""
    rows = query(built, "select year, production_tco2 - coalesce(outflow_tco2, 0) + coalesce(inflow_tco2, 0) - consumption_tco2, hold_code"
                 " from marts.fct_inventory_view_year where factor_set in ('ceads', 'ceads_uniform') order by factor_set, 1")
    assert rows == 2 * [(year, 0, None) for year in range(2007, 2015)]
    ((outflow, own),) = query(built, "select outflow_tco2, own_factor from marts.fct_inventory_view_year where year = 2012 and factor_set = 'ceads_uniform'")
    assert float(outflow) == pytest.approx(56_417_000 * own, abs=0.001)
    assert own == pytest.approx(0.5471301, abs=1e-7)


def test_the_set_by_sector_says_why_it_is_low(built: Path) -> None:
    found = _difference(built, "fuels_total", "ceads")
    assert {year: round(gap, 1) for year, gap in found.items()} == {
        2007: -2.2, 2008: -2.2, 2009: -2.2, 2010: -3.1, 2011: -3.3, 2012: -2.5, 2013: -3.9, 2014: -3.9}
    said = query(built, "select distinct factor_set, remark_en from marts.fct_inventory_check_year where factor_set like 'ceads%' order by 1")
    assert said[0][1].startswith("the coal factors of industry and power are not published") and said[1] == ("ceads_uniform", None)


def test_deduction_of_feedstock_is_a_share_by_fuel_and_year(built: Path) -> None:
    """Coke 2012: (378.31 - 0.8265 x 41.40) x 2.876589041 / 100 = 9.898139 against 9.898130 published; by-products of coking: nothing subtracted."""
    rows = query(built, "select fuel, year, published_feedstock_share, difference_percent, as_published_difference_percent, as_published_mtco2"
                 " from marts.fct_inventory_check_year where factor_set = 'ceads_uniform' and published_feedstock_share is not null order by 1, 2")
    shares = {(fuel, year): share for fuel, year, share, *_ in rows}
    assert {year: share for (fuel, year), share in shares.items() if fuel == "coke"} == {
        2007: 0.85, 2008: 1, 2009: 1, 2010: 1, 2011: 1, 2012: 0.8265, 2013: 0.7937, 2014: 0.982}
    assert {key: share for key, share in shares.items() if key[0] in ("coke_oven_gas", "natural_gas", "other_coking")} == {
        ("coke_oven_gas", 2010): 0.1107, ("coke_oven_gas", 2011): 1, **{("natural_gas", year): 1 for year in range(2011, 2015)},
        **{("other_coking", year): 0 for year in range(2012, 2015)}}
    # 2008 and 2009 carry the rounding of three digits
    assert max(abs(row[4]) for row in rows) < 0.03
    assert max(abs(row[3]) for row in rows) > 15
    assert {(r[0], r[1]): r[5] for r in rows}["coke", 2012] == pytest.approx((378.31 - 0.8265 * 41.40) * 0.02876589041280912, abs=1e-6)
    official = query(built, "select count(published_feedstock_share) from marts.fct_inventory_check_year where factor_set like 'ndrc%'")
    assert official == [(0,)]


def test_shares_that_differ_between_provinces_are_a_range() -> None:
    with (PROJECT / "dbt_project" / "seeds" / "inventory_feedstock_share.csv").open(encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if not row["division_code"]]
    assert {r["fuel_code"]: (r["share"], r["low"], r["high"]) for r in rows} == {
        "cleaned_coal": ("0.12", "", ""), "coke_oven_gas": ("0.01", "", ""), "lpg": ("0.02", "", ""), "natural_gas": ("", "0.47", "1"), "coke": ("", "0.61", "1")}
    assert {(r["confidence"], r["from_year"], r["to_year"]) for r in rows} == {("C", "2007", "2007")}


# thermal and average factor of the balances [tCO2/MWh], worked for 2012 in real_years.md
THERMAL = {2007: 0.890, 2008: 0.867, 2009: 0.861, 2010: 0.872, 2011: 0.887, 2012: 0.821, 2013: 0.792, 2014: 0.780}


def test_thermal_factors_of_eight_years_are_physical(built: Path) -> None:
    rows = query(built, "select year(period), thermal_factor, thermal_factor_low, thermal_factor_high, set_aside_basis, hold_code from marts.fct_grid_factor_year"
                 " where area = '520000' and basis = 'energy_balance' order by 1")
    assert {row[0]: row[1] for row in rows} == pytest.approx(THERMAL, abs=0.0005)
    assert all(low <= factor <= high for _, factor, low, high, *_ in rows)
    assert {row[2:] for row in rows} == {(0.75, 1.15, None, None)}


def test_own_factor_beside_the_published_one_of_the_year(built: Path) -> None:
    """2010: 0.609725 against 0.6556; 2012: 0.547130 against 0.4949; both published ones are unconfirmed and used for nothing."""
    rows = query(built, "select year(period), round(consumption_factor, 4), same_year_factor, same_year_status, published_data_year, own_boundary_en like 'energy balance%',"
                 " published_boundary_en like 'published provincial average%' from marts.fct_grid_factor_year"
                 " where area = '520000' and basis = 'energy_balance' and same_year_factor is not null order by 1")
    assert rows == [(2010, 0.6097, 0.6556, "unconfirmed", 2021, True, True), (2012, 0.5471, 0.4949, "unconfirmed", 2021, True, True)]
    found = query(built, "select year(period), expected, round(found, 4), is_finding, message_zh like '%未经证实%' from marts.fct_statistic_check"
                  " where check_id = 'Q15-grid-published-factor' and item = 'energy_balance' order by 1")
    assert found == [(2010, 0.6556, 0.6097, True, True), (2012, 0.4949, 0.5471, True, True)]


def test_drivers_of_eight_years_name_vintage_and_prices(built: Path) -> None:
    """2011 to 2012: L = (212.487680 - 195.106476) / ln(212.487680 / 195.106476) = 203.673; population x ln(3587 / 3530) = 3.262 Mt. GDP is known at current prices only."""
    rows = query(built, "select year(from_period), year(period), population_tco2e / 1e6, gdp_per_head_tco2e, energy_intensity_tco2e / 1e6, residual_tco2e, gdp_hold_code, hold_code,"
                 " from_population_vintage, to_population_vintage, from_gdp_vintage, to_gdp_vintage, price_basis from marts.fct_driver_year"
                 " where code = '520000' and basis = 'inventory' and factor_set = 'ceads_uniform' and industry = '' and is_consecutive order by 2")
    assert [row[:2] for row in rows] == [(year, year + 1) for year in range(2007, 2014)]
    assert {row[6:] for row in rows} == {("current_prices", None, "修订", "修订", "修订", "修订", "current")}
    assert {row[3] for row in rows} == {None}
    assert all(abs(row[5]) < 1 for row in rows)
    assert float(rows[4][2]) == pytest.approx(203.673 * 0.01601816, abs=0.05)


def test_a_negative_cell_is_a_finding(built: Path) -> None:
    """2011: cleaned coal sent out stands among what was received, with a minus."""
    assert query(built, "select year(period), indicator, item, found from marts.fct_statistic_check where check_id = 'Q16-balance-negative'") == [
        (2011, "洗精煤", "inflow", -10_580_000.0)]


# tests of further deliveries ------------------------------------------------------------------------------------------------------------


def _cell(division: str, year: int, item: str, fuel: str, quantity: object, unit: str) -> dict:
    return {"行政区划代码": division, "年份": year, "项目": item, "能源品种": fuel, "数量": quantity, "计量单位": unit}


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list]:
    root = tmp_path_factory.mktemp("delivered")
    inbox = root / "inbox"
    printed = {"1e4 t": "万吨", "1e8 m3": "亿立方米", "1e8 kWh": "亿千瓦时", "1e4 tce": "万吨标准煤", "1e10 kJ": "百亿千焦"}
    with (PUBLISHED / "energy_balance" / "guizhou_2007.csv").open(encoding="utf-8") as handle:
        again = [_cell(row["division_code"], 2007, row["item"], row["fuel"], row["quantity"], printed[row["unit"]]) for row in csv.DictReader(handle)]
    deliver(inbox, "energy_balance", "贵州_2007_再报.csv", again, synthetic=False)
    industry, urban, feedstock = "（1）工业", "城镇", "＃用作原料、材料"
    deliver(inbox, "energy_balance", "标准量.csv", [
        _cell("530000", 2019, industry, "原煤", 71.43, "万吨标准煤"), _cell("530000", 2019, industry, "天然气", 13.3, "万吨标准煤"),
        _cell("530000", 2019, industry, "煤制品", 6, "万吨标准煤"), _cell("530000", 2019, industry, "电力", 12.29, "万吨标准煤"),
        _cell("530000", 2019, urban, "柴油", 2, "万吨"),
    ], synthetic=False)
    deliver(inbox, "energy_balance", "负数.csv", [
        _cell("620000", 2019, urban, "原煤", -5, "万吨"), _cell("620000", 2019, industry, "焦炭", 3, "万吨"), _cell("620000", 2019, feedstock, "焦炭", 4, "万吨"),
    ], synthetic=False)
    deliver(inbox, "emission_factor", "折标系数.csv", [
        {"factor_id": f"own:tce:natural_gas:{year}", "kind": "tce", "item": "natural_gas", "value": value, "unit": "kgce/m3", "data_year": year, "confidence": "B",
         "status": "confirmed", "document": "能源统计报表制度"} for year, value in ((2018, 1.2), (2019, 1.33))], synthetic=False)
    deliver(inbox, "sector_statistics", "水泥.csv", [
        *({"division_code": "520000", "indicator": "水泥产量", "period": year, "value": value, "unit": "万吨"} for year, value in ((2015, 9940.93), (2020, 10800), (2024, 6000))),
        {"division_code": "520000", "indicator": "露天煤矿原煤产量", "period": 2020, "value": 100, "unit": "万吨"},
    ], synthetic=False)
    return build_tables_here(inbox, root / "data", *TABLES, "fct_inventory_gas_year", "fct_uncertainty_year", "fct_reconciliation_year")


def test_a_redelivered_year_agrees_with_the_shipped_one(built: Path, delivered: tuple[Path, list]) -> None:
    sql = ("select factor_set, sector, fuel, activity_quantity, emission_tco2 from marts.fct_inventory_year where division_code = '520000' and year = 2007"
           " and sector <> 'process' order by 1, 2, 3")
    own, again = query(built, sql), query(delivered[0], sql)
    assert own == again and len(own) > 200
    batches = "select distinct batch_id from intermediate.int_inventory__balance_cell where division_code = '520000' and year = 2007"
    assert len(query(delivered[0], batches)) == 1 and query(delivered[0], batches) != query(built, batches)
    for check in ("fct_inventory_check_year where year = 2007", "fct_balance_check where division_code = '520000' and year = 2007"):
        shown = f"select * exclude (is_synthetic) from marts.{check} order by all"
        assert query(built, shown) == query(delivered[0], shown)


def test_a_standard_quantity_is_converted_back_and_marked(delivered: tuple[Path, list]) -> None:
    """71.43e4 tce / 0.7143 = 100e4 t; 13.3e4 tce / 13.3 (1.33 kgce/m3, of 2019) = 1e4 x 1e4 m3; briquettes have no coefficient; power is ambiguous."""
    database, held_back = delivered
    assert [(j.rows_received, j.rows_accepted) for j in held_back] == [(5, 4)]
    rows = query(database, "select fuel, activity_quantity, activity_unit, is_converted, emission_tco2 from marts.fct_inventory_year"
                 " where division_code = '530000' and factor_set = 'ceads_uniform' order by 1")
    assert rows == [("diesel", 20_000.0, "t", False, Decimal("61876.388")), ("natural_gas", 10_000.0, "1e4 Nm3", True, Decimal("216072.900")),
                    ("raw_coal", 1_000_000.0, "t", True, Decimal("1704375.874"))]
    found = query(database, "select indicator, found, message_en like '%left out' from marts.fct_statistic_check where check_id = 'Q17-balance-standard-quantity' order by 1")
    assert found == [("原煤", 1.0, False), ("型煤", 1.0, True), ("天然气", 1.0, False)]
    assert query(database, "select coefficient_id from intermediate.int_inventory__balance_cell where division_code = '530000' and fuel_code = 'natural_gas'") == [
        ("own:tce:natural_gas:2019",)]
    assert query(database, "select count(*) from marts.fct_inventory_year where is_converted and division_code <> '530000'") == [(0,)]


def test_negative_cells_are_used_and_told(delivered: tuple[Path, list]) -> None:
    found = query(delivered[0], "select indicator, item, found, message_zh from marts.fct_statistic_check where check_id = 'Q16-balance-negative' and division_code = '620000' order by 1")
    assert [row[:3] for row in found] == [("原煤", "urban", -50_000.0), ("焦炭", "industry_less_feedstock", -10_000.0)]
    assert "此项不应为负" in found[0][3]
    rows = query(delivered[0], "select sector, activity_quantity from marts.fct_inventory_year where division_code = '620000' and factor_set = 'ceads_uniform' order by 1")
    assert rows == [("industry", -10_000.0), ("urban", -50_000.0)]


def test_process_and_gases_stand_without_a_balance(delivered: tuple[Path, list]) -> None:
    """9940.93e4 t x 0.2906 = 28.888343 Mt, as published for 2015; a year without a balance has no total, no view, no driver, no interval."""
    database = delivered[0]
    rows = query(database, "select year, sector, fuel, emission_tco2, has_balance from marts.fct_inventory_year where division_code = '520000'"
                 " and factor_set = 'ceads_uniform' and year > 2014 order by 1")
    assert rows == [(2015, "process", "cement", Decimal("28888342.580"), False), (2020, "process", "cement", Decimal("31384800.000"), False),
                    (2024, "process", "cement", Decimal("17436000.000"), False)]
    checked = query(database, "select fuel, round(computed_mtco2, 6), published_mtco2 from marts.fct_inventory_check_year where year = 2015 and factor_set = 'ceads_uniform'"
                    " and computed_mtco2 is not null")
    assert checked == [("process", 28.888343, 28.888343)]
    assert query(database, "select activity, part, emission_common_tco2e from marts.fct_inventory_gas_year where division_code = '520000' and year = 2020 order by 2") == [
        ("coal_openpit", "mining", Decimal("37520.000")), ("coal_openpit", "post_mining", Decimal("9520.000"))]
    for table, code, year in (("fct_inventory_view_year", "division_code", "year"), ("fct_driver_year", "code", "year(period)"), ("fct_reconciliation_year", "division_code", "year")):
        assert query(database, f"select count(*) from marts.{table} where {code} = '520000' and {year} > 2014") == [(0,)]
    assert query(database, "select count(*) from marts.fct_inventory_trend_year where year > 2014 and computed_mtco2 is not null") == [(0,)]
    assert query(database, "select count(*) from marts.fct_uncertainty_year where basis = 'inventory' and year(period) > 2014 and code = '520000'") == [(0,)]
