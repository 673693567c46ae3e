"""From a published figure down to file and row."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from pipelines.contracts.source import load_sources
from pipelines.explain import as_json, explain_account, explain_cell, explain_line, render
from pipelines.explain.cell import code_at
from pipelines.explain.evidence import factors, gwp, lake_factors, source_row
from pipelines.explain.figures import LINES
from pipelines.explain.lines import formula_holds
from pipelines.explain.released import Released
from pipelines.problem import Problem
from pipelines.publish.contract import Table
from pipelines.warehouse.lake import Lake

from .publish_build import ENERGY, POWER, A, B, info, publish, settings_for, tables, totals, write_build

CSV = f"统一社会信用代码,报告期,能源品种,消费量,备注\n{A},2025-01,无烟煤,\"1,000\",\"两\n行\"\n{A},2025-01,烟煤,7,\n"

DAY = date(2026, 6, 30)


def lake_rows(root: Path, source: str, rows: list[dict], batch_id: str) -> None:
    schema = load_sources()[source].lake_schema
    common = {"batch_id": batch_id, "received_at": datetime(2025, 3, 5), "known_at": datetime(2025, 3, 5), "is_synthetic": False}
    frame = pl.DataFrame([{**common, **row} for row in rows], schema=schema)
    Lake(root / "validated", root / "quarantine").put_rows(load_sources()[source], batch_id, frame)


def received(root: Path, source: str, batch_id: str, name: str, data: bytes) -> Path:
    path = root / "raw" / "received" / source / batch_id / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    settings = settings_for(root)
    publish(settings, write_build(root / "warehouse" / "build.duckdb"), info())
    received(root, "enterprise_energy", ENERGY, "received.csv", CSV.encode("gb18030"))
    lake_rows(root, "enterprise_power_heat", [{"row_no": 2, "uscc": A, "period": date(2025, 1, 1), "quantity": 100.0}], POWER)
    factor = {"kind": "fuel_co2", "item": "anthracite", "unit": "tCO2/t", "status": "confirmed", "factor_id": "fuel:ndrc-2015:anthracite:fuel_co2"}
    lake_rows(root, "emission_factor", [
        {**factor, "row_no": 2, "value": 2.505, "document": "NDRC-2015"},
        {**factor, "row_no": 3, "value": 9.9, "document": "of tomorrow", "known_at": datetime(2025, 4, 1)},
        {"row_no": 4, "factor_id": "gwp:AR2:CH4", "kind": "gwp", "item": "CH4", "value": 21.0, "unit": "tCO2e/t", "method_version": "AR2",
         "status": "confirmed", "document": "IPCC AR2"},
    ], "emission_factor-cccccccccccc")
    balance = {"division_code": "520000", "year": 2007, "fuel": "raw_coal", "quantity": 1000.0, "unit": "t"}
    lake_rows(root, "energy_balance", [{**balance, "row_no": 2, "item": "industry"},
                                       {**balance, "row_no": 3, "item": "industry", "known_at": datetime(2025, 5, 1)},
                                       {**balance, "row_no": 4, "item": "industry", "fuel": "coke"}], "energy_balance-dddddddddddd")
    return settings


def test_a_line_down_to_file_and_row(settings) -> None:
    found = explain_line(settings, "L1")
    assert found.holds is True and found.batch.file_name == "enterprise_energy.csv"
    assert found.row.row_no == 2 and found.row.reported["消费量"] == "1,000" and found.row.reported["备注"] == "两\n行"
    factor, = found.factors
    assert (factor.value, factor.document, factor.row_no) == (2.505, "NDRC-2015", 2)   # not the one of tomorrow
    text = render(found)
    for part in ("活动水平 100 t × 因子 2.505 tCO2/t = 250.5 t CO2", "activity 100 t x factor 2.505", "NDRC-2015", "消费量 = 1,000",
                 "20250331-aaaaaaaaaa", "决定 | Decision D1 更正", "consumed: -1 -> 1"):
        assert part in text
    assert json.loads(json.dumps(as_json(found)))["line"]["emission_tco2e"] == 250.5


def test_known_issues_stand_with_the_figures_that_they_touch(settings) -> None:
    def told(table: str, column: str, key: dict[str, str]) -> list[str]:
        return [issue["issue_id"] for issue in explain_cell(settings, table, column, key).issues]

    province = {"level": "province", "code": "520000"}
    assert told("fct_total_year", "direct_tco2e", {**province, "period": "2025"}) == ["I-1"]
    assert told("fct_total_month", "direct_tco2e", {**province, "period": "2025-02"}) == ["I-1"]        # of the whole year
    assert told("fct_total_year", "purchased_power_location_tco2e", {**province, "period": "2025"}) == []
    assert told("fct_total_year", "direct_tco2e", {"level": "prefecture", "code": "520100", "period": "2025"}) == []
    assert told("fct_enterprise_account_year", "direct_tco2e", {"uscc": A, "period": "2025"}) == ["I-2"]      # of one of its months
    assert [issue["issue_id"] for issue in explain_account(settings, A, "2025-01").issues] == ["I-2"]
    assert explain_account(settings, B, "2025-02").issues == []
    cell = explain_cell(settings, "fct_inventory_year", "emission_tco2", {"division_code": "520000", "year": "2007", "factor_set": "ceads"})
    assert [(issue["issue_id"], issue["is_open"]) for issue in cell.issues] == [("I-3", False)]
    text = render(explain_account(settings, A, "2025-01"))
    assert "已知问题 | Known issue I-2（未关闭 | open） [演示数据 | synthetic] 2025-01 direct_tco2e：偏高 | too high by +12.500 tCO2e" in text
    assert "待检定 | to be calibrated" in text and "2025-03-01 关闭 | settled" in render(cell)


def test_a_line_whose_row_stands_in_the_lake_only(settings) -> None:
    found = explain_line(settings, "L4")
    assert found.row.reported is None and found.row.entered["quantity"] == 100.0
    assert "quantity = 100.0" in render(found)


def test_gwp_of_the_methods_set(settings) -> None:
    found = explain_line(settings, "L2")
    assert found.gwp.value == 21.0 and "2 t CH4 × GWP 21（AR2）= 42.000 tCO2e" in found.formula_zh
    assert found.factors[0].document is None
    assert gwp(lake_factors(settings, date(2025, 3, 31)), "AR9", "CH4") is None


def test_rows_are_physical_lines(settings) -> None:
    assert source_row(settings, None, ENERGY, 4, DAY).reported["能源品种"] == "烟煤"    # the row before takes lines 2 and 3
    assert source_row(settings, None, ENERGY, 3, DAY).reported is None
    assert source_row(settings, None, "nosuch-0", 3, DAY).reported is None


_EXCHANGE = ["送出", "送入", "报告期", "电量", "计量单位"]
_ROWS = [["520000", "440000", "2025", "12", "亿千瓦时"], ["520000", "430000", "2025", "7", "亿千瓦时"]]


def test_rows_are_shown_as_the_gate_reads_them(tmp_path) -> None:
    """Parquet, a titled CSV, both sheets of a workbook, and a line that does not fit; what is no table of its source has no rows."""
    settings = settings_for(tmp_path)
    expected = dict(zip(_EXCHANGE, _ROWS[1], strict=True))
    path = received(tmp_path, "grid_exchange", "grid_exchange-1", "received.parquet", b"")
    pl.DataFrame(_ROWS, schema=_EXCHANGE, orient="row").write_parquet(path)
    text = "\ufeff月报;;;;\n" + "\n".join(";".join(row) for row in [_EXCHANGE, *_ROWS, ["520000", "430000", "2025", "7", "亿千瓦时", "多"]]) + "\n"
    received(tmp_path, "grid_exchange", "grid_exchange-2", "received.csv", text.encode())
    book = received(tmp_path, "grid_exchange", "grid_exchange-3", "received.xlsx", b"")
    with xlsxwriter.Workbook(book) as sheets:
        for name, rows in (("一", _ROWS), ("二", _ROWS[::-1])):
            page = sheets.add_worksheet(name)
            for number, row in enumerate([["月报"], _EXCHANGE, *rows]):
                page.write_row(number, 0, row)
    for batch_id, row_no in (("grid_exchange-1", 2), ("grid_exchange-2", 4), ("grid_exchange-3", 4), ("grid_exchange-3-s2", 3)):
        assert source_row(settings, None, batch_id, row_no, DAY).reported == expected, batch_id
    assert source_row(settings, None, "grid_exchange-2", 5, DAY).reported == {"#": "520000,430000,2025,7,亿千瓦时,多"}
    assert source_row(settings, None, "grid_exchange-1", 3, DAY).reported is None
    received(tmp_path, "grid_exchange", "grid_exchange-4", "received.csv", b"a,b\n1,2\n")
    assert source_row(settings, None, "grid_exchange-4", 2, DAY).reported is None


def test_several_factors_in_one_id(settings) -> None:
    rows = lake_factors(settings, date(2025, 3, 31))
    found = factors(rows, "fuel:ndrc-2015:anthracite:fuel_co2+reported:oxidation")
    assert [f.value for f in found] == [2.505, None]
    assert factors(rows, None) == []


def test_the_factors_of_the_release_come_first(tmp_path) -> None:
    rows = tables()
    rows["reference.emission_factor"] = [{
        "factor_id": "fuel:ndrc-2015:anthracite:fuel_co2", "kind": "fuel_co2", "document": "in the release", "batch_id": "f-1",
        "row_no": "7", "is_in_conflict": "false", "method_version": None, "item": "anthracite", "value": "2.5"}]
    settings = settings_for(tmp_path)
    publish(settings, write_build(tmp_path / "b.duckdb", rows), info())
    assert explain_line(settings, "L1").factors[0].document == "in the release"


def test_an_account_with_its_lines(settings) -> None:
    found = explain_account(settings, A, "2025-01")
    assert found.account["total_location_tco2e"] == Decimal("342.390") and len(found.lines) == 5
    assert found.lines[0].line["line_id"] == "L1" and found.lines[0].file_name == "enterprise_energy.csv"
    assert len(explain_account(settings, A, "2025").lines) == 5
    assert "碳账户" in render(found)


@pytest.mark.parametrize(("column", "amount", "lines"), [
    ("fuel_tco2e", "250.500", ["L1"]), ("direct_tco2e", "292.500", ["L1", "L2"]), ("direct_common_tco2e", "306.500", ["L1", "L2"]),
    ("total_location_tco2e", "342.390", ["L1", "L4", "L2"]), ("purchased_power_national_tco2e", "53.060", ["L5"]),
    ("biomass_memo_tco2e", "0.000", []),
])
@pytest.mark.parametrize(("grain", "period"), [("month", "2025-01"), ("year", "2025")])
def test_the_cells_of_an_account(settings, grain, period, column, amount, lines) -> None:
    found = explain_cell(settings, f"fct_enterprise_account_{grain}", column, {"uscc": A, "period": period})
    assert found.value == Decimal(amount) and found.difference == 0
    assert [brief.line["line_id"] for brief in found.lines] == lines


def test_a_share_is_no_sum(settings) -> None:
    found = explain_cell(settings, "marts.fct_enterprise_account_month", "completeness", {"uscc": A, "period": "2025-01-01"})
    assert found.amount_of_lines is None and found.note_zh and len(found.lines) == 5
    assert "completeness" in render(found)


@pytest.mark.parametrize(("column", "year"), [("direct_tco2e", True), ("purchased_power_location_tco2e", False)])
def test_every_total_is_found_again_in_lines(settings, column, year) -> None:
    table = f"fct_total_{'year' if year else 'month'}"
    for row in totals(year):
        key = {"level": row["level"], "code": row["code"], "period": row["period"].isoformat()}
        found = explain_cell(settings, table, column, key)
        assert found.difference == 0, key
        assert sum(part.amount for part in found.contributions) == row[column]


def test_a_total_names_its_greatest_enterprises_first(settings) -> None:
    key = {"level": "province", "code": "520000", "period": "2025"}
    found = explain_cell(settings, "fct_total_year", "direct_tco2e", key)
    assert [(part.uscc, part.amount, part.lines) for part in found.contributions] == [(B, Decimal(1000), 1), (A, Decimal("306.5"), 2)]
    found = explain_cell(settings, "fct_total_year", "direct_tco2e", key, top=1)
    assert len(found.contributions) == 1 and found.enterprises == 2 and B in render(found)


def test_cells_of_other_tables(settings) -> None:
    found = explain_cell(settings, "fct_inventory_year", "emission_tco2", {
        "division_code": "520000", "year": "2007", "factor_set": "ceads", "sector": "industry", "fuel": "raw_coal"})
    assert [(row.batch_id, row.row_no) for row in found.sources] == [("energy_balance-dddddddddddd", 2)]
    found = explain_cell(settings, "fct_reconciliation_year", "tco2e", {"division_code": "520000", "year": "2007", "cause": "unexplained"})
    assert found.note_en == "how it is computed (computed)" and found.parts[0]["allocated_from_tco2e"] == Decimal("1704.376")
    found = explain_cell(settings, "fct_reconciliation_year", "tco2e", {"division_code": "520000", "year": "2007", "cause": "accounts_total"})
    assert found.difference == 0 and found.contributions == [] and "how it is computed" in render(found)
    found = explain_cell(settings, "quality.failed_row", "reported_value", {"batch_id": ENERGY, "row_no": "5", "check_id": "R01"})
    assert found.value == "-1" and found.batch.file_name == "enterprise_energy.csv" and render(found)
    found = explain_cell(settings, "fct_enterprise_emission_line", "gas_t", {"line_id": "L1"})
    assert found.lines[0].row_no == 2 and found.sources[0].reported["能源品种"] == "无烟煤"
    found = explain_cell(settings, "reference.field", "field", {"industry_division": "30"})
    assert found.value == "industry" and found.note_en and json.dumps(as_json(found))


@pytest.mark.parametrize("wrong", [
    lambda s: explain_line(s, "nosuch"),
    lambda s: explain_account(s, A, "2031-01"),
    lambda s: explain_account(s, A, "Mai"),
    lambda s: explain_cell(s, "nosuch", "x", {}),
    lambda s: explain_cell(s, "fct_total_month", "x; drop", {"code": "520000"}),
    lambda s: explain_cell(s, "fct_total_month", "direct_tco2e", {"code; drop": "520000"}),
    lambda s: explain_cell(s, "fct_total_month", "direct_tco2e", {"code": "520000"}),
    lambda s: explain_cell(s, "fct_total_month", "direct_tco2e", {"code": "' or 1=1"}),
])
def test_what_is_not_there_is_said_in_both_languages(settings, wrong) -> None:
    with pytest.raises(Problem, match=r"[\u4e00-\u9fff].* \| "):
        wrong(settings)


def test_a_release_of_before_lines_said_where_they_count(tmp_path) -> None:
    earlier = Released(settings_for(tmp_path), None, "20240101-aaaaaaaaaa", DAY, {LINES: Table(LINES, None)})
    with pytest.raises(Problem, match="20240101-aaaaaaaaaa do not carry prefecture_code, industry_section, field"):
        code_at(earlier, "field")


def test_nothing_published_yet(tmp_path) -> None:
    with pytest.raises(Problem, match="nothing is published yet"):
        explain_line(settings_for(tmp_path), "L1")


def test_a_formula_with_further_parameters_says_so() -> None:
    line = {"activity_quantity": 10.0, "factor_value": 2.0, "gas_t": -20.0}
    assert formula_holds(line) is True and formula_holds({**line, "gas_t": 19.0}) is False
    assert formula_holds({**line, "factor_value": None}) is None
