"""Files as people send them: what is read, which rows count, and what is refused with which words."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from pipelines.contracts.source import load_sources
from pipelines.ingest.header import find_table
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.read import read_file
from pipelines.ingest.readers import read_tables
from pipelines.ingest.stream import stream_text
from pipelines.ingest.table import HeaderedTable, TextTable
from tests.reading.biff import xls

OUTPUT = load_sources()["enterprise_output"]
HEADER = "uscc,period,item,quantity,unit"
ROW = "A,2025-01,水泥,5,吨"

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(data: str | bytes, name: str = "a.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)
        return path

    return _write


def _read(path: Path) -> HeaderedTable:
    table = find_table(read_tables(path), OUTPUT)
    table.rows = list(table.rows)
    return table


def _numbers(table: HeaderedTable) -> list[int]:
    return [number for number, _ in table.rows]


def _problem(path: Path) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        _read(path)
    assert caught.value.zh
    assert caught.value.en
    assert str(caught.value) == f"{caught.value.zh} | {caught.value.en}"
    return caught.value


# --- CSV: encodings, separators, lines


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_csv_in_every_dress(write: Write, encoding: str, separator: str, newline: str) -> None:
    text = newline.join([HEADER, ROW, ROW]).replace(",", separator)
    table = _read(write(text.encode(encoding)))
    assert table.columns == {"uscc": 0, "period": 1, "item": 2, "quantity": 3, "unit": 4}
    assert table.rows == [(2, ["A", "2025-01", "水泥", "5", "吨"]), (3, ["A", "2025-01", "水泥", "5", "吨"])]


def test_a_title_line_does_not_hide_the_separator(write: Write) -> None:
    table = _read(write("贵州省企业产品产量\n" + f"{HEADER}\n{ROW}\n".replace(",", ";")))
    assert _numbers(table) == [3]


def test_quoted_line_breaks_keep_physical_row_numbers(write: Write) -> None:
    table = _read(write(f'{HEADER}\nA,2025-01,"水泥\n袋装",5,吨\n{ROW}\n\n{ROW}\n'))
    assert _numbers(table) == [2, 4, 6]
    assert table.rows[0][1][2] == "水泥\n袋装"


def test_separators_inside_quotes(write: Write) -> None:
    table = _read(write(f'{HEADER}\nA,2025-01,水泥,"1,234",吨\n'))
    assert table.rows[0][1][3] == "1,234"


@pytest.mark.parametrize(("data", "check"), [
    (b"", "L06-empty"),
    (f"{HEADER}\n{ROW}".encode("utf-16"), "L07-encoding"),
    (b"\xff\xff\xff\xff\n", "L07-encoding"),
    (f"{HEADER}\n{ROW}".encode() + b"\x00", "L08-nul"),
    (f"{HEADER}\n{ROW}".encode("utf-16-le"), "L08-nul"),
    (f"{HEADER}\n{ROW}".encode("utf-32"), "L07-encoding"),
    (f"{HEADER}\n{ROW}\n".encode("utf-8-sig") + ROW.encode("gb18030"), "L07-encoding"),
], ids=["empty", "utf16", "no encoding", "nul", "utf16 without mark", "utf32", "GB18030 below a UTF-8 mark"])
def test_a_broken_csv_is_refused(write: Write, data: bytes, check: str) -> None:
    assert _problem(write(data)).check_id == check


def test_what_cannot_be_decoded_names_the_line(write: Write) -> None:
    assert "第 3 行" in _problem(write(f"{HEADER}\n{ROW}\n".encode("utf-8-sig") + ROW.encode("gb18030"))).zh
    assert "第 2 行" in _problem(write(f"{HEADER}\n{ROW}\0\n")).zh


@pytest.mark.parametrize(("lines", "broken", "read"), [
    (['A,2025-01,"水泥,5,吨', ROW, ROW], [3], [2, 4, 5]),
    ([*[ROW] * 150, 'A,2025-01,"水泥,5,吨', *[ROW] * 150, 'A,2025-01,"水泥",5,吨'], [153], [*range(2, 153), *range(154, 305)]),
    (['A,2025-01,"水"泥,5,吨', ROW], [3], [2, 4]),
    (['A,2025-01,"水\n泥"x,5,吨', ROW], [3, 4], [2, 5]),
    ([f"A,2025-01,{'x' * 40_000},5,吨", ROW], [3], [2, 4]),
    (["x" * (9 << 20), ROW], [3], [2, 4]),
    (['A,2025-01,"水泥,5,吨'] * 3, [3, 4, 5], [2]),
], ids=["open quote", "open quote far from the next", "text after quote", "two lines", "long cell", "long line", "many open quotes"])
def test_a_broken_line_is_named_and_the_rest_is_read(write: Write, lines: list[str], broken: list[int], read: list[int]) -> None:
    table = _read(write("\n".join([HEADER, ROW, *lines]) + "\n"))
    assert [m.row_no for m in table.malformed] == broken
    assert _numbers(table) == read
    problem = table.malformed[0].problem
    assert problem is not None and problem.check_id == "F04-broken-line" and "第 " in problem.zh
    assert len(table.malformed[0].text) <= 2600


def test_short_and_long_lines_are_kept_apart(write: Write) -> None:
    table = _read(write(f"{HEADER}\n{ROW}\nA,2025-01,水泥,5\n{ROW},多余\n{ROW},,\n"))
    assert _numbers(table) == [2, 5]
    assert [(m.row_no, m.found, m.expected) for m in table.malformed] == [(3, 4, 5), (4, 6, 5)]


def test_totals_notes_and_blank_lines_are_no_data(write: Write) -> None:
    table = _read(write(f"{HEADER}\n{ROW}\n合计,,,10,\n,,,,\n合 计：,,,10,\nTotal,,,10,\n注：本表为月报,,,,\n填报人：张三,,,,\n"))
    assert _numbers(table) == [2]
    assert table.totals == [3, 5, 6, 7, 8]


@pytest.mark.parametrize(("line", "total"), [
    ("总计,,,10,", True), ("本页小计,,,10,", True), ("合计（吨）,,,10,", True), ("贵阳市小计,,,10,", True), (",,贵阳市合计：,10,", True),
    (",2025-01,合计,10,吨", False), ("A,2025-01,合计,10,吨", False), ("合计量具厂,2025-01,量具,5,吨", False),
])
def test_which_rows_are_totals(write: Write, line: str, total: bool) -> None:
    assert _read(write(f"{HEADER}\n{ROW}\n{line}\n")).totals == ([3] if total else [])


def test_a_name_that_only_begins_like_a_note_is_data(write: Write) -> None:
    assert _numbers(_read(write(f"{HEADER}\n注射液厂,2025-01,水泥,5,吨\n"))) == [2]


@pytest.mark.parametrize(("text", "formula"), [
    ("=cmd|' /C calc'!A0", True), ("＝1+1", True), ("@SUM(1)", True), (" =1", True), ("-2+3+cmd|' /C calc'!A0", True), ("+HYPERLINK(1)", True),
    ("-1#炉(备用)", False), ("+", False), ("A=B", False), ("—", False), ("2号=备用", False),
])
def test_which_texts_are_formulas(write: Write, text: str, formula: bool) -> None:
    frame = read_file(write(f'uscc,period,unit_code,item,quantity\nA,2025-01,,"{text}",5\nA,2025-01,"{text}",水泥,5\n'), OUTPUT).typed.frame
    assert frame["formula_text"].to_list() == (["item", "unit_code"] if formula else [None, None])


# --- headers


def test_headers_in_both_vocabularies_with_width_and_blanks(write: Write) -> None:
    table = _read(write("统一社会信用代码,Period, 产品或指标 ,ｑｕａｎｔｉｔｙ,单位,自编列\nA,2025-01,水泥,5,吨,x\n"))
    assert set(table.columns) == {"uscc", "period", "item", "quantity", "unit"}
    assert table.unknown_headers == ["自编列"]


def test_missing_columns_are_named_with_what_was_found(write: Write) -> None:
    problem = _problem(write("uscc,period,数量\nA,2025-01,5\n"))
    assert problem.check_id == "L13-columns"
    assert "产品或指标(item)" in problem.zh
    assert "uscc、period、数量" in problem.zh
    assert "missing 产品或指标(item); header found: uscc, period, 数量" in problem.en


def test_the_file_of_another_source_is_refused(write: Write) -> None:
    path = write("area,period,source,generation\n520000,2025,水电,5\n")
    assert _problem(path).check_id == "L13-columns"


@pytest.mark.parametrize("header", ["uscc,period,item,quantity,quantity", "uscc,period,item,quantity,数量"])
def test_a_header_twice_is_refused(write: Write, header: str) -> None:
    problem = _problem(write(f"{header}\nA,2025-01,水泥,5,6\n"))
    assert problem.check_id == "L14-duplicate-header"


@pytest.mark.parametrize(("header", "units"), [
    ("uscc,period,item,上年产量（万吨）", None), ("uscc,period,item,本月产量（万吨）", {"unit": ("万吨",)}), ("uscc,period,item,数量（万吨）", {"unit": ("万吨",)}), ("uscc,period,item,数量/万吨", {"unit": ("万吨",)}),
    ("uscc,period,item,数量（单位：万吨）", {"unit": ("万吨",)}), ('uscc,period,item,"数量\n（万吨）"', {"unit": ("万吨",)}),
    ("uscc,period,item,quantity(1e4 t),unit", {"unit": ("1e4t",)}), ("uscc,period,item,数量(大约)", None),
])
def test_a_unit_in_the_header_of_a_number(write: Write, header: str, units: dict[str, tuple[str, ...]] | None) -> None:
    path = write(f"{header}\nA,2025-01,水泥,5,\n")
    if units is None:
        assert _problem(path).check_id == "L13-columns"
    else:
        assert _read(path).header_units == units


def test_units_of_headers_fill_blank_units_and_never_contradict(write: Write) -> None:
    path = write("uscc,period,item,数量（万吨）,unit\nA,2025-01,水泥,5,\nA,2025-02,水泥,5,1e4 t\nA,2025-03,水泥,5,吨\n")
    frame = read_file(path, OUTPUT).typed.frame
    assert frame["unit"].to_list()[:2] == ["万吨", "1e4t"]
    assert frame["unknown_unit"].to_list() == [None, None, "unit"]
    assert frame["unit__raw"][2] == "吨（表头：万吨）"
    energy, unit = load_sources()["enterprise_energy"], load_sources()["power_unit_month"]
    table = find_table(read_tables(write("uscc,period,能源品种,消费量(万吨),购进量(万吨),碳氧化率(%)\n")), energy)
    assert table.header_units == {"unit": ("万吨",)}
    for source, header in (
        (energy, "uscc,period,能源品种,消费量(万吨),购进量(吨)"), (energy, "uscc,period,能源品种,消费量(吨),碳氧化率(吨)"),
        (unit, ",".join(["发电量(万千瓦时)", *(c.name for c in unit.columns if c.name != "generation_mwh")])),
    ):
        with pytest.raises(Unreadable) as caught:
            find_table(read_tables(write(header + "\n")), source)
        assert caught.value.check_id == "L20-header-unit"


# --- XLSX


@pytest.fixture
def workbook(tmp_path: Path) -> Callable[..., Path]:
    def _write(*sheets: list[list[object]], name: str = "a.xlsx", chart: bool = False) -> Path:
        path = tmp_path / name
        with xlsxwriter.Workbook(path) as book:
            chart_sheet = book.add_chartsheet("图") if chart else None
            for rows in sheets:
                sheet = book.add_worksheet()
                for i, row in enumerate(rows):
                    sheet.write_row(i, 0, row)
            if chart_sheet:
                line = book.add_chart({"type": "line"})
                line.add_series({"values": [book.worksheets()[-1].get_name(), 0, 0, 1, 0]})
                chart_sheet.set_chart(line)
        return path

    return _write


LINE: list[object] = ["A", "2025-01", "水泥", 5, "吨"]
HEAD: list[object] = ["统一社会信用代码", "报告期", "产品或指标", "数量", "计量单位"]


def test_xlsx_titles_blank_rows_and_notes(workbook: Callable[..., Path]) -> None:
    table = _read(workbook([[], ["贵州省企业产品产量表"], [], HEAD, LINE, [], LINE, ["合计", "", "", 10], ["注：本表由统计员填报"], ["填报人：张三"]]))
    assert _numbers(table) == [5, 7]
    assert table.totals == [8, 9, 10]
    assert table.sheet == "Sheet1"


def test_xlsx_rows_keep_sheet_numbers_when_the_first_rows_and_columns_are_blank(workbook: Callable[..., Path]) -> None:
    table = _read(workbook([[], [], ["", *HEAD], ["", *LINE]]))
    assert table.rows == [(4, ["", "A", "2025-01", "水泥", "5", "吨"])]
    assert table.columns["uscc"] == 1


def test_the_first_sheet_whose_header_matches_counts(workbook: Callable[..., Path]) -> None:
    table = _read(workbook([["说明"], ["填表须知"]], [HEAD, LINE], [HEAD, LINE, LINE]))
    assert (table.sheet, _numbers(table)) == ("Sheet2", [2])


def test_a_chart_sheet_is_passed_over(workbook: Callable[..., Path]) -> None:
    assert _numbers(_read(workbook([HEAD, LINE], chart=True))) == [2]


def test_an_xlsx_header_below_the_tenth_row_is_not_found(workbook: Callable[..., Path]) -> None:
    assert _problem(workbook([[]] * 10 + [HEAD, LINE])).check_id == "L13-columns"
    assert _numbers(_read(workbook([[]] * 9 + [HEAD, LINE], name="b.xlsx"))) == [11]


def test_xlsx_cells_as_their_reader_sees_them(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEAD)
        sheet.write_string(1, 0, "A")
        sheet.write_datetime(1, 1, dt.datetime(2025, 1, 1), book.add_format({"num_format": "yyyy-mm"}))
        sheet.write_number(1, 2, 12)
        sheet.write_number(1, 3, 0.125)
        sheet.write_boolean(1, 4, True)
    assert _read(path).rows == [(2, ["A", "2025-01", "12", "0.125", "true"])]


@pytest.mark.parametrize("keep", [10, 200, -30])
def test_a_truncated_xlsx_is_refused(workbook: Callable[..., Path], tmp_path: Path, keep: int) -> None:
    whole = workbook([HEAD, LINE]).read_bytes()
    path = tmp_path / "cut.xlsx"
    path.write_bytes(whole[:keep])
    assert _problem(path).check_id == "L10-xlsx"


def test_a_zip_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert _problem(path).check_id == "L10-xlsx"


def test_a_workbook_that_unpacks_too_large_is_refused(workbook: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = workbook([HEAD, LINE])
    monkeypatch.setattr("pipelines.ingest.workbook._UNPACKED_LIMIT", 100)
    assert _problem(path).check_id == "L11-size"


@pytest.fixture
def patched(workbook: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """A workbook with a part replaced, or one added."""

    def _patch(part: str, change: Callable[[bytes], bytes]) -> Path:
        path = tmp_path / "patched.xlsx"
        with zipfile.ZipFile(workbook([HEAD, LINE])) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
            for name in dict.fromkeys([*old.namelist(), part]):
                data = old.read(name) if name in old.namelist() else b""
                new.writestr(name, change(data) if name == part else data)
        return path

    return _patch


SHEET = "xl/worksheets/sheet1.xml"
LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>&b;</t></si></sst>'


@pytest.mark.parametrize(("part", "change", "check"), [
    (SHEET, lambda d: d.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'), "L11-size"),
    (SHEET, lambda d: d.replace(b'r="A2"', b'r="ZZZZZZZ99999999999"'), "L10-xlsx"),
    (SHEET, lambda d: d.replace(b"</sheetData>", b"</sheetData>" + b" " * (40 << 20)), "L11-size"),
    ("xl/sharedStrings.xml", lambda d: LAUGHS, "L10-xlsx"),
    ("xl/vbaProject.bin", lambda d: b"macro", "L19-macro"),
], ids=["stray cell", "impossible cell", "bomb", "a thousand laughs", "macro"])
def test_a_workbook_that_would_do_harm_is_not_opened(patched: Callable[..., Path], part: str, change: Callable[[bytes], bytes], check: str) -> None:
    assert _problem(patched(part, change)).check_id == check


def test_a_sheet_under_another_name_is_looked_through_as_well(patched: Callable[..., Path], tmp_path: Path) -> None:
    path = tmp_path / "moved.xlsx"
    far = patched(SHEET, lambda d: d.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'))
    with zipfile.ZipFile(far) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = old.read(name).replace(b"worksheets/sheet1.xml", b"odd/place.dat")
            new.writestr("xl/odd/place.dat" if name == SHEET else name, data)
    assert _problem(path).check_id == "L11-size"


def test_a_workbook_that_counts_days_from_1904_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mac.xlsx"
    with xlsxwriter.Workbook(path, {"date_1904": True}) as book:
        book.add_worksheet().write_row(0, 0, HEAD)
    assert _problem(path).check_id == "L23-date-1904"


def test_an_encrypted_workbook_says_what_to_do(write: Write) -> None:
    assert "密码" in _problem(write(xls({"a": {"rows": [HEAD]}}, stream="EncryptedPackage"), "a.xlsx")).zh
    assert "损坏" in _problem(write(bytes.fromhex("d0cf11e0a1b11ae1") + b"x" * 600, "a.xlsx")).zh


def test_links_to_other_files_are_named_and_not_followed(patched: Callable[..., Path]) -> None:
    table = _read(patched("xl/externalLinks/externalLink1.xml", lambda d: b"<externalLink/>"))
    assert [r.check_id for r in table.remarks] == ["N04-external-link"]
    assert _numbers(table) == [2]


def test_what_is_hidden_is_read_and_named_and_visible_sheets_come_first(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name in ("旧", "数据", "另一张"):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, HEAD)
            sheet.write_row(1, 0, LINE)
            sheet.write_row(2, 0, LINE)
            if name == "旧":
                sheet.hide()
            elif name == "数据":
                sheet.activate()
                sheet.set_row(2, None, None, {"hidden": True})
                sheet.set_column(3, 3, None, None, {"hidden": True})
    table = _read(path)
    assert (table.sheet, _numbers(table)) == ("数据", [2, 3])
    said = [remark.zh for remark in table.remarks]
    assert "隐藏的 1 行（第 3 行）" in said[0]
    assert "隐藏的列 D" in said[1]
    assert len(said) == 2
    assert table.further == ["另一张", "旧"]
    other = find_table(read_tables(path), OUTPUT, sheet=2)
    assert other.sheet == "旧"
    assert "隐藏" in other.remarks[0].zh


def test_formulas_count_by_their_stored_value_and_are_named_without_one(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEAD)
        for row, value in enumerate([5, "", "#DIV/0!", "#N/A"], 1):
            sheet.write_row(row, 0, LINE)
            sheet.write_formula(row, 3, "=2+3", None, value)
    typed = read_file(path, OUTPUT).typed
    assert typed.frame["quantity"].to_list() == [5.0, None, None, None]
    assert typed.frame["missing_required"].to_list() == [None, None, None, None]
    assert typed.frame["unreadable"].to_list() == [None, "quantity", "quantity", "quantity"]   # unknown is not blank
    assert "公式没有保存结果" in typed.frame["quantity__raw"][1]


# --- Parquet


def test_parquet_rows_count_from_one(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    frame = pl.DataFrame({"uscc": ["A", "B"], "period": pl.Series(["2025-01-01", "2025-02-01"]).str.to_date(), "item": ["水泥", None], "quantity": [5.0, float("nan")]})
    frame.write_parquet(path)
    assert [(number, cells[:4]) for number, cells in _read(path).rows] == [(1, ["A", "2025-01-01", "水泥", "5"]), (2, ["B", "2025-02-01", "", "nan"])]


def test_a_damaged_or_nested_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"uscc": ["A"]}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-5])
    assert _problem(path).check_id == "L12-parquet"
    pl.DataFrame({"uscc": [["A"]]}).write_parquet(path)
    assert _problem(path).check_id == "L12-parquet"


def test_the_first_and_the_last_day_of_the_calendar_are_days(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"uscc": ["A", "B"], "period": [dt.date.min, dt.date.max], "item": [dt.datetime.min, dt.datetime(9999, 12, 31, 23)]}).write_parquet(path)
    assert [cells[:3] for table in read_tables(path) for _, cells in table.rows][1:] == [
        ["A", "0001-01-01", "0001-01-01"], ["B", "9999-12-31", "9999-12-31 23:00:00"]]


def test_parquet_moments_are_read_in_asia_shanghai_and_short_floats_as_written(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    moment = pl.Series([dt.datetime(2024, 12, 31, 16)]).dt.replace_time_zone("UTC")
    pl.DataFrame({
        "uscc": pl.Series(["A"], dtype=pl.Categorical), "period": moment, "item": ["水泥"], "quantity": pl.Series([0.1], dtype=pl.Float32),
        "unit": pl.Series([None], dtype=pl.Null),
    }).write_parquet(path)
    assert _read(path).rows == [(1, ["A", "2025-01-01", "水泥", "0.1", ""])]
    path.write_bytes(path.read_bytes()[:-4] + b"PARE")
    assert _problem(path).check_id == "L12-parquet"


def test_a_file_of_several_parts_is_read_as_one(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(HEADER + "".join(f"\nA,2025年1月,产品{i},{i},吨" for i in range(25)) + "\n短,1\n合计,,,300,\n")
    whole = read_file(path, OUTPUT)
    monkeypatch.setattr("pipelines.ingest.read._ROWS_A_TIME", 4)
    parts = read_file(path, OUTPUT)
    assert parts.typed.frame.equals(whole.typed.frame)
    assert (parts.typed.notes, parts.typed.note_rows) == (whole.typed.notes, {"date_spelling": 25})
    assert ([m.row_no for m in parts.table.malformed], parts.table.totals) == ([27], [28])


def test_every_source_finds_its_own_headers() -> None:
    for source in load_sources().values():
        for vocabulary in ("name", "zh"):
            header = [getattr(column, vocabulary) for column in source.columns]
            table = find_table([TextTable([(1, header), (2, ["x"] * len(header))])], source)
            assert list(table.columns) == [column.name for column in source.columns]


@pytest.mark.parametrize(("number", "kind"), [
    (2**31 - 1, pl.Date), (2**62, pl.Datetime("us")), (-(2**62), pl.Datetime("ms")), (2**62, pl.Datetime("us", "UTC")),
])
def test_dates_that_no_calendar_has_are_refused_and_nothing_panics(tmp_path: Path, capfd: pytest.CaptureFixture[str], number: int, kind: Any) -> None:
    path = tmp_path / "a.parquet"
    days = pl.Series([number, 0], dtype=pl.Int32 if kind == pl.Date else pl.Int64).cast(kind)
    pl.DataFrame({"uscc": ["a", "b"], "period": days}).write_parquet(path, statistics=False)
    with pytest.raises(Unreadable) as refused:
        [list(table.rows) for table in read_tables(path)]
    assert refused.value.check_id == "L12-parquet"
    assert "panicked" not in capfd.readouterr().err


def test_text_that_is_no_utf8_is_refused_and_nothing_panics(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.parquet"
    bytes_as_text = pa.StringArray.from_buffers(1, pa.py_buffer(bytes([0, 0, 0, 0, 2, 0, 0, 0])), pa.py_buffer(b"\xd5x"))
    pq.write_table(pa.table({"uscc": bytes_as_text}), path)
    with pytest.raises(Unreadable) as refused:
        [list(table.rows) for table in read_tables(path)]
    assert refused.value.check_id == "L12-parquet"
    assert capfd.readouterr().err == ""


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_a_damaged_line_of_a_file_of_any_size_is_told_and_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The fast reader of plain lines cannot name a line whose bytes are no text: the other reader does."""
    source = load_sources()["meter_reading"]
    header = ",".join(column.name for column in source.columns)
    good = ",".join("x" for _ in source.columns)
    words = "电表读数" * 40   # enough Chinese in UTF-8 for the damage to be damage
    path = tmp_path / "a.csv"
    path.write_bytes(f"{header}\n{good}\n".encode() + "，".join([words] * 3).encode() + b"\xf1\xff,1\n" + f"{good}\n".encode())
    text = stream_text(path, source, tmp_path / "text.parquet")
    assert [line.row_no for line in text.malformed] == [3]
    assert pl.read_parquet(text.path)["row_no"].to_list() == [2, 4]
    assert capfd.readouterr().err == ""
