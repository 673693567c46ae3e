"""Tables as offices send them: read right, or held with the reason. The cases stand in `cases.yml`, by kind."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
import yaml

from pipelines.contracts.source import load_sources
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.read import ReadFile, read_file
from pipelines.ingest.typed import EVIDENCE

CASES: list[dict[str, Any]] = yaml.load((Path(__file__).parent / "cases.yml").read_text("utf-8"), Loader=yaml.SafeLoader)


def _workbook(path: Path, case: dict[str, Any]) -> None:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet(case.get("sheet", "表"))
        for i, row in enumerate(case["xlsx"]):
            for j, cell in enumerate(row):
                if cell != "":
                    sheet.write(i, j, str(cell) if not isinstance(cell, (int, float)) else cell)
        for place, text in case.get("merged", {}).items():
            sheet.merge_range(place, text)
        for place, (number, code) in case.get("formats", {}).items():
            sheet.write_number(place, number, book.add_format({"num_format": code}))
        for place, (text, raised) in case.get("raised", {}).items():
            sheet.write_rich_string(place, text, book.add_format({"font_script": 1}), raised)
        for place in case.get("formulas", {}):
            sheet.write_formula(place, "=1+1", None, "")


def _read(case: dict[str, Any], folder: Path) -> ReadFile:
    path = folder / ("a.csv" if "csv" in case or "cut" in case else "a.xlsx")
    if "cut" in case:
        path.write_bytes(case["cut"].encode()[:-1] + case["rest"].encode())
    elif "csv" in case:
        path.write_bytes(case["csv"].encode("gb18030" if case.get("gb18030") else "utf-8"))
    elif "raw" in case:
        path.write_text(case["raw"], "utf-8")
    else:
        _workbook(path, case)
    return read_file(path, load_sources()[case["source"]])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['kind']}: {case['name']}")
def test_a_table_as_an_office_sends_it(case: dict[str, Any], tmp_path: Path) -> None:
    if "refused" in case:
        with pytest.raises(Unreadable) as caught:
            _read(case, tmp_path)
        assert caught.value.check_id == case["refused"]
        return
    read = _read(case, tmp_path)
    frame = read.typed.frame
    rows = {row["row_no"]: row for row in frame.iter_rows(named=True)}
    for number, wanted in case.get("rows", {}).items():
        found = {name: rows[number][name] for name in wanted}
        assert {name: str(value) for name, value in found.items()} == {name: str(value) for name, value in wanted.items()}, number
    held = {}
    for number, row in rows.items():
        names = [name for evidence in EVIDENCE if row[evidence] and evidence != "spoiled_text" for name in row[evidence].split(";")]
        if names:
            held[number] = sorted(set(names))
    assert held == {number: sorted(names) for number, names in case.get("held", {}).items()}
    assert {*case.get("rows", {}), *held} <= rows.keys()
    assert [line.row_no for line in read.table.malformed] == case.get("malformed", [])
    assert set(case.get("left_out", [])) <= set(read.table.totals)
    said = {remark.check_id for remark in read.table.remarks}
    assert set(case.get("says", [])) <= said
    for name in case.get("blank", []):
        assert frame[name].null_count() == len(frame), name
    # whatever was interpreted is said in both languages
    assert all(remark.zh and remark.en and re.search(r"[\u4e00-\u9fff]", remark.zh) for remark in read.table.remarks)
