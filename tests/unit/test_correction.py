"""The sheet that goes to the enterprise, read back as the delivery that it becomes."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from pipelines.contracts.source import load_sources
from pipelines.ingest.read import read_file
from pipelines.publish.correction import allowed_names, lines_of, write_refusal, write_sheet

DAY = date(2026, 6, 30)
BATCH = "enterprise_energy-0123456789ab"


def row(**given: Any) -> dict[str, Any]:
    blank = {"batch_id": BATCH, "source": "enterprise_energy", "file_name": "能源.xlsx", "row_no": 7, "uscc": "9152", "enterprise_name": "甲厂", "period": date(2025, 3, 1)}
    return {**blank, "check_id": "F10-non-negative", "column_name": "consumed", "reported_value": "-5", "message_zh": "不能为负", "advice_zh": "改正符号", **given}


ROWS = [
    row(), row(check_id="C01-unknown-code", column_name="energy", reported_value="无烟媒"), row(check_id="K02-duplicate-row", column_name=None, reported_value=None),
    row(check_id="F03-missing-required", reported_value=None), row(check_id="C01-unknown-code", column_name="energy;unit", reported_value="=1+1;顿"),
]


def cells(path: Path) -> list[dict[str, str]]:
    header, *lines = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python(skip_empty_area=False)[2:]
    return [dict(zip(map(str, header), map(str, line), strict=True)) for line in lines]


def test_no_line_leaves_open_what_it_speaks_of(tmp_path: Path) -> None:
    write_sheet(tmp_path / "a.xlsx", BATCH, "能源.xlsx", lines_of(ROWS), DAY)
    told = [(line["字段"], line["填报值"]) for line in cells(tmp_path / "a.xlsx")]
    assert told == [("消费量", "-5"), ("能源品种", "无烟媒"), ("整行", "（见“问题”）"), ("消费量", "（空）"), ("能源品种", "'=1+1"), ("计量单位", "顿")]
    assert all(line["核对"] == "" for line in cells(tmp_path / "a.xlsx"))


def test_rows_that_contradict_each_other_show_what_the_others_say() -> None:
    sentence = "同一文件内同一键有不同的值（首见于第 4 行）"
    twice = {"check_id": "K03-duplicate-key", "message_zh": sentence, "column_name": "consumed;ncv"}
    pair = [row(row_no=4, reported_value="10;20.9", **twice), row(row_no=9, reported_value="12;", **twice)]
    other = row(row_no=11, **{**twice, "message_zh": "同一文件内同一键有不同的值（首见于第 10 行）"}, reported_value="7;8")
    told = [(line["源文件行号"], line["字段"], line["填报值"], line["问题"].removeprefix(sentence)) for line in lines_of([*pair, other])]
    assert told[:4] == [
        ("4", "消费量", "10", "；第 9 行填报“12”"), ("4", "低位发热量", "20.9", "；第 9 行填报“（空）”"),
        ("9", "消费量", "12", "；第 4 行填报“10”"), ("9", "低位发热量", "（空）", "；第 4 行填报“20.9”"),
    ]
    assert "填报“" not in told[4][3]


def test_names_that_a_code_column_takes_stand_beside_the_mistaken_one() -> None:
    columns = {column.name: column for column in load_sources()["enterprise_energy"].columns}
    assert allowed_names(columns["consumed"], "5") == ""
    near = allowed_names(columns["energy"], "无烟媒")
    assert near.startswith("无烟煤") and "见数据字典" in near
    decision = {column.name: column for column in load_sources()["steward_decision"].columns}["decision"]
    assert {"更正", "拒绝", "按原值接受"} <= set(allowed_names(decision, "改").split("、"))


def test_a_sheet_that_comes_back_unfilled_says_nothing_and_one_that_is_filled_in_decides(tmp_path: Path) -> None:
    """The formulas of the sheet are no figures, its `整行` is no column."""
    source = load_sources()["steward_decision"]
    write_sheet(tmp_path / "a.xlsx", BATCH, "能源.xlsx", lines_of(ROWS), DAY)
    assert read_file(tmp_path / "a.xlsx", source, 0).typed.frame.height == 0
    lines = [{**line, "更正值": "5", "理由": "核实", "决定人": "甲", "决定日期": "2026-07-01"} for line in lines_of(ROWS)]
    write_sheet(tmp_path / "b.xlsx", BATCH, "能源.xlsx", lines, DAY)
    frame = read_file(tmp_path / "b.xlsx", source, 0).typed.frame
    assert frame["target_column"].to_list() == ["消费量", "能源品种", "", "消费量", "能源品种", "计量单位"]
    assert frame["new_value"].to_list() == ["5"] * 6 and frame["target_row_no"].to_list() == [7] * 6


def test_a_half_filled_line_is_told_by_the_sheet_itself(tmp_path: Path) -> None:
    """One formula a line, over the yellow cells of that line, with the names of what is lacking."""
    write_sheet(tmp_path / "a.xlsx", BATCH, "能源.xlsx", lines_of(ROWS), DAY)
    with zipfile.ZipFile(tmp_path / "a.xlsx") as book:
        page = book.read("xl/worksheets/sheet1.xml").decode()
    for number in range(4, 10):
        assert f'IF(J{number}="","缺更正值 ","")&amp;IF(K{number}="","缺理由 ","")' in page.replace("&quot;", '"')


def test_a_refused_file_has_a_sheet_of_its_own_and_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    refusal = row(check_id="L13-columns", column_name=None, reported_value=None, message_zh="缺少列“能源品种”", message_en="column energy is missing", advice_zh="补上该列", advice_en="add it")
    for name in ("a.xlsx", "b.xlsx"):
        write_refusal(tmp_path / name, BATCH, "能源.xlsx", [refusal], DAY)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    assert cells(tmp_path / "a.xlsx") == [{
        "检查编号": "L13-columns", "字段": "整个文件", "填报值": "能源.xlsx", "问题": "缺少列“能源品种”", "怎么改": "补上该列", "Problem": "column energy is missing", "What to do": "add it"}]
