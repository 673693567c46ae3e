"""The top-down inventory of another province and a later form of the balance, worked by hand: sectors, 47-sector split, views, gases, substitution."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter

from tests.conftest import build_tables_here, query
from tests.deliveries import OLD, beside, deliver

TABLES = ("fct_inventory_year", "fct_inventory_view_year", "fct_inventory_gas_year", "fct_inventory_check_year", "fct_inventory_trend_year", "fct_statistic_check")
HEADER = ("行政区划代码", "年份", "项目", "能源品种", "数量", "计量单位")
# Yunnan 2022 as an invented table of the later form, raw coal in 1e4 t: 5 + (60 + 3) + (2 + 4 + 6) + (8 + 12) = 100
COAL = [
    ("四、终端消费量", 100), ("1．第一产业", 5), ("2．第二产业", 63), ("（1）工业", 60), ("＃用作原料、材料", 10), ("（2）建筑业", 3),
    ("3．第三产业", 12), ("（1）交通运输、仓储和邮政业", 2), ("（2）批发和零售业、住宿和餐饮业", 4), ("（3）其他", 6), ("4．居民生活", 20),
    ("城镇", 8), ("乡村", 12), ("二、加工转换投入（－）产出（＋）量", -250), ("1．火力发电", -200), ("2．供热", -10), ("3．煤炭洗选", -40), ("三、损失量", 1),
    ("其他用途", 7),
]
POWER = [("2．一次能源生产量", 100), ("3．外省（区、市）调入量", 20), ("6．本省（区、市）调出量（－）", -50), ("1．火力发电", 40), ("三、损失量", 20), ("四、终端消费量", 90)]
UNIFORM = Decimal("1.704375874")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list]:
    root = tmp_path_factory.mktemp("top_down")
    sheet = root / "inbox" / "energy_balance" / "云南_2022.xlsx"
    sheet.parent.mkdir(parents=True)
    with xlsxwriter.Workbook(sheet) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["地区能源平衡表（实物量）"])
        rows = [HEADER, *(("530000", 2022, item, "原煤", value, "万吨") for item, value in COAL),
                *(("530000", 2022, item, "电力", value, "亿千瓦时") for item, value in POWER)]
        for number, row in enumerate(rows, 1):
            page.write_row(number, 0, row)
    beside(sheet, "received_at: 2026-01-10\nsynthetic: false\n")
    os.utime(sheet, (OLD, OLD))
    deliver(root / "inbox", "energy_balance", "贵阳_2021.csv", [
        {"division_code": "520100", "year": 2021, "item": item, "fuel": "raw_coal", "quantity": quantity, "unit": "t"}
        for item, quantity in (("2.工业", 1000), ("6.生活消费", 200))], synthetic=False)
    table = {"30": 35, "31": 15, "26": 12}
    yunnan = {"division_code": "530000", "period": "2022"}
    deliver(root / "inbox", "sector_statistics", "云南.csv", [
        *({**yunnan, "industry_code": code, "indicator": "工业分行业终端能源消费量（原煤）", "value": value, "unit": "万吨"} for code, value in table.items()),
        {**yunnan, "industry_code": "26", "indicator": "用作原料、材料：原煤", "value": 10, "unit": "万吨"},
        {**yunnan, "indicator": "露天煤矿原煤产量", "value": 100, "unit": "万吨"},
        {**yunnan, "indicator": "生活垃圾焚烧量", "value": 10, "unit": "万吨"},
        {**yunnan, "indicator": "石灰产量", "value": 1, "unit": "万吨"},
        {"division_code": "520000", "period": "2007", "indicator": "水泥产量", "value": 2059.06, "unit": "万吨"},
    ], synthetic=False)
    deliver(root / "inbox", "emission_factor", "替代.csv", [{
        "factor_id": "OWN-RAW-COAL-NCV", "kind": "ncv", "item": "raw_coal", "value": 20.908, "unit": "GJ/t", "method_version": "substitution/ndrc-2015",
        "confidence": "C", "status": "unconfirmed", "document": "本地选定"}], synthetic=False)
    return build_tables_here(root / "inbox", root / "data", *TABLES)


def _sectors(database: Path, factor_set: str, division: str = "530000") -> dict[str, Decimal]:
    return dict(query(database, "select sector, emission_tco2 from marts.fct_inventory_year where division_code = ? and factor_set = ?"
                      " and fuel = 'raw_coal'", division, factor_set))


def _t(ten_thousand: str, factor: Decimal | str) -> Decimal:
    return round(Decimal(ten_thousand) * 10_000 * Decimal(factor), 3)


def test_only_the_unknown_row_is_held(built: tuple[Path, list]) -> None:
    assert [(j.rows_received - j.rows_accepted, j.rows_accepted) for j in built[1]] == [(1, len(COAL) + len(POWER) - 1)]


def test_the_later_form_makes_the_same_sectors(built: tuple[Path, list]) -> None:
    """burned = 100 - 10 + 200 + 10 = 300; washing and losses count nothing."""
    found = _sectors(built[0], "ceads_uniform")
    expected = {"agriculture": "5", "construction": "3", "transport": "2", "trade": "4", "other_services": "6", "urban": "8", "rural": "12",
                "thermal_power": "200", "heat_supply": "10", "nonmetal_products": "35", "ferrous_smelting": "15", "chemicals": "2", "industry_unsplit": "-2"}
    assert found == {sector: _t(quantity, UNIFORM) for sector, quantity in expected.items()}
    assert abs(sum(found.values()) - _t("300", UNIFORM)) <= Decimal("0.007")
    by_group = query(built[0], "select sum(activity_quantity) from marts.fct_inventory_year where division_code = '530000'"
                     " and factor_set = 'ceads_uniform' and sector_group = 'industry'")
    assert by_group == [(500_000.0,)]   # 60 - 10


def test_coal_has_the_factor_of_its_sector_group(built: tuple[Path, list]) -> None:
    """8 x 1.644003 + 32 x 1.462962 + 260 x 1.704375874 = 503.1045."""
    assert abs(sum(_sectors(built[0], "ceads").values()) - Decimal("5031045.352")) <= Decimal("0.007")


def test_a_city_is_an_inventory_of_its_own(built: tuple[Path, list]) -> None:
    assert _sectors(built[0], "ceads_uniform", "520100") == {"industry": _t("0.1", UNIFORM), "household": _t("0.02", UNIFORM)}


def test_both_views(built: tuple[Path, list]) -> None:
    """Own factor 200e4 t x 1.7044 / 140e5 MWh = 0.243482 (thermal 0.852188); sent 50e5 MWh; received 20e5 MWh at the national 0.5366: the balance names no sender."""
    rows = query(built[0], "select production_tco2, inflow_tco2, inflow_factor_tier, outflow_tco2, consumption_tco2, is_complete"
                 " from marts.fct_inventory_view_year where division_code = '530000' and factor_set = 'ceads_uniform'")
    production = sum(_sectors(built[0], "ceads_uniform").values())
    assert rows == [(production, Decimal("1073200.000"), "wider_area", Decimal("1217411.339"), production - Decimal("144211.339"), True)]
    city = query(built[0], "select consumption_tco2, hold_code, reason_zh is null, reason_en is null from marts.fct_inventory_view_year"
                 " where division_code = '520100' and factor_set = 'ceads_uniform'")
    assert city == [(None, "no_exchange", False, False)]


def test_other_gases_where_their_activity_is_delivered(built: tuple[Path, list]) -> None:
    """1e6 t x 1.34 and 0.34 kg CH4 x 28; 1e5 t of waste x 0.5573."""
    rows = query(built[0], "select activity, part, gas, emission_common_tco2e from marts.fct_inventory_gas_year where division_code = '530000' order by 1, 2")
    assert rows == [("coal_openpit", "mining", "CH4", Decimal("37520.000")), ("coal_openpit", "post_mining", "CH4", Decimal("9520.000")),
                    ("msw_incinerated", "incineration", "CO2", Decimal("55730.000"))]


def test_a_named_substitution_says_so(built: tuple[Path, list]) -> None:
    """20.908 x 0.0261 x 93 % x 44/12 = 1.860832908 tCO2/t, in the set that it was named for only."""
    rows = query(built[0], "select factor_set, min(factor_status), bool_and(substitution_en like '%unconfirmed%'), sum(activity_quantity), sum(emission_tco2)"
                 " from marts.fct_inventory_year where division_code = '520000' and year = 2007 and fuel = 'raw_coal' and factor_set like 'ndrc%' group by 1 order by 1")
    assert [row[0] for row in rows] == ["ndrc-2013-chemicals", "ndrc-2015"]
    assert rows[0][1:3] == ("missing", None) and rows[0][4] is None
    assert rows[1][1:3] == ("unconfirmed", True)
    assert float(rows[1][4]) == pytest.approx(rows[1][3] * 1.860832908, abs=0.01)


def test_processes_by_output(built: tuple[Path, list]) -> None:
    """2059.06e4 t of cement x 0.2906 = 5.98362836 Mt, as published; official sets count clinker, which was not delivered."""
    check = query(built[0], "select computed_mtco2, published_mtco2 from marts.fct_inventory_check_year where division_code = '520000' and year = 2007"
                  " and factor_set = 'ceads_uniform' and fuel = 'process'")
    assert check[0][0] == pytest.approx(5.983628360, abs=1e-9) and check[0][1] == pytest.approx(5.98362836, abs=1e-8)
    held = query(built[0], "select fuel, emission_tco2, held_back_reason_zh is null from marts.fct_inventory_year"
                 " where factor_set = 'ndrc-2015' and sector = 'process' order by 1")
    assert held == [("cement", None, False), ("lime", None, False)]


def test_two_vintages_and_parts_of_a_revised_total_are_shown(built: tuple[Path, list]) -> None:
    """GDP of Guizhou 2022, 1e8 CNY: 20164.58 in the bulletin, 20010.4 revised; 2861.18 + 7113.03 + 10190.37 = 20164.58."""
    rows = query(built[0], "select check_id, expected / 10000, found / 10000 from marts.fct_statistic_check where division_code = '520000'"
                 " and indicator = '地区生产总值' and year(period) = 2022 order by 1")
    assert [(check, round(a, 2), round(b, 2)) for check, a, b in rows] == [("Q06-parts", 20010.4, 20164.58), ("Q07-vintages", 20164.58, 20010.4)]
    assert query(built[0], "select found - expected from marts.fct_statistic_check where check_id = 'Q01-balance-identity' and division_code = '520000'"
                 " and indicator = '原煤' and item = 'parts:supply_total'") == [(5_638_400.0,)]
    assert query(built[0], "select expected, found from marts.fct_statistic_check where check_id = 'Q09-sector-table-difference'") == [(600_000.0, 620_000.0)]


def test_published_years_stand_beside_the_computed_ones(built: tuple[Path, list]) -> None:
    rows = query(built[0], "select year, verdict from marts.fct_inventory_trend_year where factor_set = 'ceads_uniform' and fuel = 'fuels_total' order by 1")
    assert [year for year, _ in rows] == list(range(1997, 2017))
    assert [row for row in rows if row[1] != "published_only"] == [(year, "agrees") for year in range(2007, 2015)]
