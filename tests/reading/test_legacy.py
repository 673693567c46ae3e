"""Legacy workbooks: cells count as they are shown, as in an .xlsx; what cannot be relied on is refused with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.contracts.source import load_sources
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.read import ReadFile, read_file
from tests.reading.biff import xls

HEADER = ["统一社会信用代码", "报告期", "能源品种", "计量单位", "消费量", "碳氧化率"]


def _read(path: Path, data: bytes, sheet: int = 0) -> ReadFile:
    path.write_bytes(data)
    return read_file(path, load_sources()["enterprise_energy"], sheet)


@pytest.mark.parametrize("name", ["a.xls", "a.xlsx"])
def test_cells_count_as_they_are_shown(tmp_path: Path, name: str) -> None:
    rows = [
        ["贵州某某公司能源消费表"], HEADER,
        ["A", (45717.0, "yyyy-mm-dd"), "柴油", "万吨", 0.5, (0.98, "0.0%")],
        [None, None, "汽油", None, (5000.0, "0!.0,"), 98.0],
        ["A", "2025-04", "柴油", "吨", ("1000", "2"), 98.0],
    ]
    frame = _read(tmp_path / name, xls({"报表": {"rows": rows, "merged": [(2, 3, 0, 0), (2, 3, 1, 1), (2, 3, 3, 3)]}})).typed.frame
    found = frame.select("row_no", "uscc", "period", "unit", "consumed", "oxidation_rate", "unreadable").rows()
    assert [(row, uscc, str(period), unit, consumed, rate, held) for row, uscc, period, unit, consumed, rate, held in found] == [
        (3, "A", "2025-03-01", "万吨", 0.5, 98.0, None), (4, "A", "2025-03-01", "万吨", 0.5, 98.0, None), (5, "A", "2025-04-01", "吨", None, 98.0, "consumed"),
    ]
    assert frame["consumed__raw"][2] == "1000²"


def test_every_sheet_that_fits_is_read_and_hidden_ones_are_named(tmp_path: Path) -> None:
    data = xls({
        "填报示例": {"rows": [HEADER, ["A", "2025-01", "柴油", "吨", 99999.0, None]]}, "1月": {"rows": [HEADER, ["A", "2025-01", "柴油", "吨", 1.0, None]], "hidden": True},
        "2月": {"rows": [HEADER, ["A", "2025-02", "柴油", "吨", 2.0, None]]},
    })
    first = _read(tmp_path / "a.xls", data)
    assert (first.table.sheet, first.table.further, first.typed.frame["consumed"].to_list()) == ("2月", ["1月"], [2.0])
    second = _read(tmp_path / "a.xls", data, 1)
    assert second.typed.frame["consumed"].to_list() == [1.0]
    assert {"N03-hidden"} <= {remark.check_id for remark in second.table.remarks}


@pytest.mark.parametrize(("data", "check", "word"), [
    (xls({"a": {"rows": [HEADER]}})[:700], "L10-xlsx", "损坏"),
    (xls({"a": {"rows": [HEADER]}}, stream="EncryptedPackage"), "L10-xlsx", "加密"),
    (xls({"a": {"rows": [HEADER]}}, date1904=True), "L23-date-1904", "1904"),
    (xls({"a": {"rows": [HEADER]}}, stream="_VBA_PROJECT"), "L19-macro", "宏"),
    (b"<html><table><tr><td>uscc</td></tr></table></html>", "L10-xlsx", "网页"),
    (b"uscc,period\nA,2025-01\n", "L10-xlsx", "文本"),
])
def test_what_cannot_be_read_is_refused_with_the_reason(tmp_path: Path, data: bytes, check: str, word: str) -> None:
    with pytest.raises(Unreadable) as caught:
        _read(tmp_path / "a.xls", data)
    assert caught.value.check_id == check and word in caught.value.zh
