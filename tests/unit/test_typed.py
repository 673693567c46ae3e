"""Text as people write it -> typed values; what cannot be read is named, never guessed."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contracts.codes import balance_item_key, load_code_lists
from pipelines.contracts.source import load_sources
from pipelines.contracts.text import is_missing
from pipelines.gate.evidence import credit_code_problem
from pipelines.ingest.parse import parse_bool, parse_date, parse_hour, parse_number, parse_period, parse_year
from pipelines.ingest.table import HeaderedTable
from pipelines.ingest.typed import TypedTable, type_table

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def _typed(source: str, rows: list[dict[str, str]]) -> TypedTable:
    contract = load_sources()[source]
    names = [column.name for column in contract.columns]
    cells = [(number, [row.get(name, "") for name in names]) for number, row in enumerate(rows, 2)]
    return type_table(HeaderedTable({name: i for i, name in enumerate(names)}, [], cells), contract)


@pytest.mark.parametrize(("text", "value"), [
    ("12", 12.0), (" 12.50 ", 12.5), ("-3", -3.0), ("+3", 3.0), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("1.2E-3", 0.0012),
    ("1,234", 1234.0), ("1,234,567.8", 1234567.8), ("1 234", 1234.0), ("１２３．５", 123.5), ("１，２３４", 1234.0), ("－７", -7.0), ("\u00a05", 5.0),
])
def test_numbers(text: str, value: float) -> None:
    assert parse_number(text) == value


@pytest.mark.parametrize("text", ["", "abc", "约300", "1,23", "1,2345", "12 t", "1.2.3", "5%", "--5", "1e999", "inf", "nan", "=1+1", "0x10", "1_000", "٣٤", "三百", "10²", "①", "½", "1e308", "1e15", "1e-320", "∞", "5\u200b"])
def test_no_numbers(text: str) -> None:
    assert parse_number(text) is None


@pytest.mark.parametrize(("text", "value"), [("98", 98.0), ("98%", 98.0), ("98 %", 98.0), ("９８．５％", 98.5), ("0.98", 0.98)])
def test_percents(text: str, value: float) -> None:
    assert parse_number(text, percent=True) == value


def test_zero_has_no_sign() -> None:
    assert str(parse_number("-0")) == "0.0"


@given(st.floats(min_value=-1e12, max_value=1e12, allow_nan=False).filter(lambda x: x == 0 or abs(x) >= 1e-30))
def test_any_written_number_is_read_back(number: float) -> None:
    assert parse_number(repr(number)) == number
    assert parse_number(f"{number:,.3f}") == pytest.approx(number, abs=6e-4)


@pytest.mark.parametrize(("text", "first", "grain"), [
    ("2025-03", date(2025, 3, 1), "month"), ("2025-3", date(2025, 3, 1), "month"), ("2025/03", date(2025, 3, 1), "month"),
    ("2025.03", date(2025, 3, 1), "month"), ("2025年3月", date(2025, 3, 1), "month"), ("２０２５年０３月", date(2025, 3, 1), "month"),
    ("202503", date(2025, 3, 1), "month"), ("2025-03-01", date(2025, 3, 1), "month"), ("2025-03-01 00:00:00", date(2025, 3, 1), "month"),
    ("2025年3月1日", date(2025, 3, 1), "month"), ("45717", date(2025, 3, 1), "month"),
    ("Jan-25", date(2025, 1, 1), "month"), ("Sept-2025", date(2025, 9, 1), "month"), ("2025-02-28", date(2025, 2, 1), "month"),
    ("2025-01-01 08:00:00", date(2025, 1, 1), "month"), ("2024-12-31T16:00:00Z", date(2025, 1, 1), "month"), ("2025年03月份", date(2025, 3, 1), "month"),
    ("2025年度", date(2025, 1, 1), "year"), ("2025", date(2025, 1, 1), "year"), ("2025年", date(2025, 1, 1), "year"), ("2025.0", date(2025, 1, 1), "year"),
])
def test_periods(text: str, first: date, grain: str) -> None:
    assert parse_period(text) == (first, grain, None)


@pytest.mark.parametrize("text", [
    "2025-13", "2025-00", "2025-03-02", "45718", "25-03", "三月", "2025Q1", "2025-03-01 05:00", "12025-01", "2025.1", "0000", "²025", "٢٠٢٥-٠١", "二〇二五年一月", "202513", "2025-02-30", "25-Jan", "2025-03-15", "2025-03-01 09:00:00",
])
def test_no_periods(text: str) -> None:
    assert parse_period(text) is None


def test_hours() -> None:
    assert parse_hour("2025-03-02 05:00") == (date(2025, 3, 2), "hour", datetime(2025, 3, 2, 5))
    assert parse_hour("2025/3/2 5:00:00") == (date(2025, 3, 2), "hour", datetime(2025, 3, 2, 5))
    assert parse_hour("2025-03-02") == (date(2025, 3, 2), "hour", datetime(2025, 3, 2))
    assert parse_hour("2025-03-02 05:30") is None
    assert parse_hour("2025-03-02 24:00") is None
    assert parse_hour("2025-02-30 01:00") is None


def test_a_date_is_midnight_beside_hours_and_a_month_without() -> None:
    row = {"from_area": "520000", "to_area": "440000", "quantity": "1"}
    hours = _typed("grid_exchange", [{**row, "period": p} for p in ("2025-03-01", "2025-03-01 01:00", "2025-03-02", "2025-04")]).frame
    assert hours["period_grain"].to_list() == ["hour", "hour", "hour", "month"]
    assert hours["period_ts"].to_list() == [datetime(2025, 3, 1), datetime(2025, 3, 1, 1), datetime(2025, 3, 2), None]
    months = _typed("grid_exchange", [{**row, "period": p} for p in ("2025-03-01", "2025-03-02")]).frame
    assert months["period_grain"].to_list() == ["month", None]
    assert months["unreadable"].to_list() == [None, "period"]


@pytest.mark.parametrize(("text", "day"), [
    ("2025-03-05", date(2025, 3, 5)), ("2025/3/5", date(2025, 3, 5)), ("2025年3月5日", date(2025, 3, 5)), ("20250305", date(2025, 3, 5)),
    ("45721", date(2025, 3, 5)), ("2025-03-05 00:00:00", date(2025, 3, 5)), ("2025-02-30", None), ("2025-03", None), ("12345", None),
])
def test_dates(text: str, day: date | None) -> None:
    assert parse_date(text) == day


def test_years_and_yes_and_no() -> None:
    assert [parse_year(t) for t in ("2022", "２０２２年", "2022.0", "22", "2022-01", "0000")] == [2022, 2022, 2022, None, None, None]
    assert [parse_bool(t) for t in ("是", "Yes", "1", "否", "N", "也许")] == [True, True, True, False, False, None]


@pytest.mark.parametrize("text", ["", " ", "　", "-", "--", "—", "——", "－", "N/A", "/", "…", "×", "不适用", "\u200b", "null", "None", "nan", "NaN", "空", "无", None])
def test_ways_of_writing_that_there_is_no_value(text: str | None) -> None:
    assert is_missing(text)


@pytest.mark.parametrize("text", ["0", "无烟煤", "none of it", "-1", "#N/A", "#DIV/0!"])
def test_what_is_a_value(text: str) -> None:
    assert not is_missing(text)


ENERGY = {"uscc": "A", "period": "2025-03", "energy": "无烟煤", "consumed": "1"}


def test_unread_values_are_null_and_named() -> None:
    typed = _typed("enterprise_energy", [{**ENERGY, "consumed": "约三百", "ncv": "高"}, {"uscc": "A", "period": "2025", "consumed": "—"}, ENERGY])
    assert typed.frame["unreadable"].to_list() == ["consumed;ncv", None, None]
    assert typed.frame["missing_required"].to_list() == [None, "energy;consumed", None]
    assert typed.frame["consumed"].to_list() == [None, None, 1.0]
    assert typed.frame["consumed__raw"].to_list() == ["约三百", None, "1"]
    assert typed.frame["row_no"].to_list() == [2, 3, 4]


@pytest.mark.parametrize(("name", "energy"), [
    ("无烟煤", "无烟煤"), (" 无 烟 煤 ", "无烟煤"), ("anthracite", "无烟煤"), ("bituminous", "一般烟煤"), ("other_petroleum", "其他(石油制品)"),
    ("天然气（气态）", "天然气(气态)"), ("焦碳", "焦炭"),
])
def test_fuel_names(name: str, energy: str) -> None:
    frame = _typed("enterprise_energy", [{**ENERGY, "energy": name}]).frame
    assert (frame["energy"][0], frame["unknown_code"][0]) == (energy, None)


def test_unknown_codes_are_named_not_guessed() -> None:
    frame = _typed("enterprise_register", [{"uscc": "A", "enterprise_name": "甲", "industry_code": "3019", "division_code": "440100", "valid_from": "2020-01-01"}]).frame
    assert frame["unknown_code"].to_list() == ["industry_code;division_code"]
    assert frame["industry_code"].to_list() == [None]


def test_any_province_for_balances_and_grids() -> None:
    division = load_code_lists()["any_division"]
    assert [division.resolve(code) for code in ("520100", "440000", "000000", "990000", "529999")] == ["520100", "440000", "000000", None, None]


@pytest.mark.parametrize("text", ["(一)农、林、牧、渔业", "1.农、林、牧、渔业", "农林牧渔业", "＃ 农、林、牧、渔业"])
def test_rows_of_the_balance_without_numbers_marks_and_width(text: str) -> None:
    assert balance_item_key(text) == "农林牧渔业"


@pytest.mark.parametrize(("source", "row", "unknown"), [
    ("enterprise_energy", {**ENERGY, "unit": "吨"}, None),
    ("enterprise_energy", {**ENERGY, "unit": "万标立方米"}, "unit"),
    ("enterprise_energy", {**ENERGY, "unit": "市斤"}, "unit"),
    ("enterprise_energy", {**ENERGY, "ncv_unit": "kcal/kg", "carbon_content_unit": "kgC/GJ"}, None),
    ("enterprise_energy", {**ENERGY, "ncv_unit": "MJ/m3"}, "ncv_unit"),
    ("enterprise_energy", {**ENERGY, "energy": "高炉煤气", "unit": "万立方米", "ncv_unit": "GJ/万Nm3"}, None),
    ("enterprise_energy", {**ENERGY, "energy": "电力", "unit": "万千瓦时"}, None),
    ("enterprise_energy", {**ENERGY, "energy": "电力", "unit": "t"}, "unit"),
    ("enterprise_power_heat", {"carrier": "热力", "unit": "MWh"}, "unit"),
    ("enterprise_power_heat", {"carrier": "热力", "unit": "百万千焦"}, None),
    ("enterprise_process", {"item": "wastewater_volume", "unit": "万立方米"}, None),
    ("enterprise_process", {"item": "wastewater_volume", "unit": "吨"}, "unit"),
    ("enterprise_process", {"item": "heat_ratio", "unit": "fraction"}, None),
    ("enterprise_process", {"item": "heat_ratio", "unit": "tC/t"}, "unit"),
    ("enterprise_process", {"item": "cog_out", "unit": "万标立方米"}, None),
    ("enterprise_output", {"unit": "万元"}, None),
    ("enterprise_output", {"unit": "箱"}, "unit"),
    ("energy_balance", {"fuel": "原煤", "unit": "万吨"}, None),
    ("grid_generation", {"unit": "亿千瓦时", "capacity_unit": "万千瓦"}, None),
    ("grid_generation", {"unit": "亿千瓦时", "capacity_unit": "吨"}, "capacity_unit"),
])
def test_units_by_what_is_measured(source: str, row: dict[str, str], unknown: str | None) -> None:
    assert _typed(source, [row]).frame["unknown_unit"].to_list() == [unknown]


def test_equal_content_has_an_equal_hash_whatever_the_spelling() -> None:
    rows = [{**ENERGY, "unit": "吨"}, {**ENERGY, "unit": "t", "consumed": "1.0"}, {**ENERGY, "unit": "", "period": "2025年3月"}, {**ENERGY, "unit": "kg"}]
    hashes = _typed("enterprise_energy", rows).frame["content_hash"].to_list()
    assert hashes[0] == hashes[1] == hashes[2] != hashes[3]
    power = [{"carrier": "电力", "quantity": "5", "unit": unit} for unit in ("", "MWh", "兆瓦时", "万千瓦时")]
    hashes = _typed("enterprise_power_heat", power).frame["content_hash"].to_list()
    assert hashes[0] == hashes[1] == hashes[2] != hashes[3]


def test_a_blank_unit_of_a_balance_is_that_of_the_printed_form() -> None:
    rows = [{"fuel": fuel, "quantity": quantity, "unit": unit} for fuel, quantity, unit in (
        ("原煤", "100", ""), ("原煤", "100", "万吨"), ("原煤", "1000000", "吨"), ("原煤", "100", "吨"), ("电力", "5", ""), ("电力", "5", "亿千瓦时"))]
    hashes = _typed("energy_balance", rows).frame["content_hash"].to_list()
    assert hashes[0] == hashes[1] == hashes[2] != hashes[3]
    assert hashes[4] == hashes[5]


@pytest.mark.parametrize(("source", "column"), [("energy_balance", "quantity"), ("target_observation", "value"), ("enterprise_energy", "oxidation_rate")])
def test_the_dust_of_a_computed_figure_is_no_other_content(source: str, column: str) -> None:
    rows = [{column: "0.0006"}, {column: "0.00059999999985"}, {column: "0.0006000000001"}, {column: "0.00060001"}]
    hashes = _typed(source, rows).frame["content_hash"].to_list()
    assert hashes[0] == hashes[1] == hashes[2] != hashes[3]


def test_a_blank_period_kind_means_the_single_period() -> None:
    row = {"division_code": "520000", "indicator": "地区生产总值", "period": "2024", "value": "1"}
    frame = _typed("sector_statistics", [row, {**row, "period_kind": "当期"}]).frame
    assert frame["period_kind"].to_list() == ["当期", "当期"]
    assert frame["content_hash"].n_unique() == 1


def test_what_was_normalised_is_noted() -> None:
    row = {"uscc": "9152 0100", "period": "2025年3月", "energy": "台 煤", "consumed": "1,234", "ncv": "２１", "oxidation_rate": "98%", "basis": "台帐"}
    notes = {(note.column, note.kind) for note in _typed("enterprise_energy", [row]).notes}
    assert notes == {
        ("uscc", "blank"), ("period", "date_spelling"), ("consumed", "thousands_separator"), ("ncv", "full_width"),
        ("oxidation_rate", "percent_sign"), ("basis", "fix"),
    }
    assert _typed("enterprise_energy", [{**ENERGY, "energy": "天然气（气态）"}]).notes == []


# --- credit codes


def _code(body: str) -> str:
    return next(body + c for c in ALPHABET if credit_code_problem(body + c, True) is None)


@pytest.mark.parametrize("code", ["91520000214400693X", "91110000100000000A"])
def test_known_forms_of_credit_codes(code: str) -> None:
    assert credit_code_problem(_code(code[:17]), False) is None
    assert credit_code_problem(code[:17], False) == "form"
    assert credit_code_problem(f"{code[:16]}IO", False) == "form"


def test_reserved_codes_are_for_synthetic_deliveries() -> None:
    code = _code("X1520100000000001")
    assert credit_code_problem(code, True) is None
    assert credit_code_problem(code, False) == "reserved"
    assert credit_code_problem(None, False) is None


@given(st.text(ALPHABET, min_size=17, max_size=17), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_any_single_wrong_character_is_caught(body: str, place: int, wrong: str) -> None:
    code = _code(body)
    other = code[:place] + wrong + code[place + 1 :]
    assert (credit_code_problem(other, True) is None) == (other == code)


@given(st.text(ALPHABET, min_size=17, max_size=17), st.integers(0, 16))
def test_two_neighbours_swapped_are_caught(body: str, place: int) -> None:
    code = _code(body)
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert (credit_code_problem(swapped, True) is None) == (swapped == code)
