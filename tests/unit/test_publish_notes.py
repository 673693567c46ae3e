"""The release notes: from the tables of two releases alone, the same text every time, and nothing that a deliverer wrote is more than text."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.publish.notes import Notes, md, release_notes
from pipelines.publish.store import release_folder
from pipelines.publish.verify import verify
from pipelines.warehouse.duck import attach, connect
from tests.unit.publish_build import (
    ENERGY,
    FIRST,
    POWER,
    SECOND,
    YEAR,
    A,
    changed_tables,
    flip,
    info,
    publish,
    settings_for,
    tables,
    two_releases,
    write_build,
)

ABOUT = Notes("20250331-bbbbbbbbbb", date(2025, 3, 31), True, "c0de", FIRST, "2025-03-30", True)
NEW = "enterprise_process-cccccccccccc"


def later() -> dict[str, list[dict[str, Any]]]:
    """The release after that of `tables`: a third batch, a larger account of A, a cell that is new, a verdict that changed, an issue settled."""
    rows = tables()
    rows["quality.batch"].append({**rows["quality.batch"][0], "batch_id": NEW, "source": "enterprise_process", "rows_received": 5, "rows_accepted": 3, "rows_quarantined": 2})
    rows["quality.batch"][1] |= {"rows_accepted": 0, "rows_quarantined": 1, "outcome": "refused"}
    rows["quality.failed_row"] += [
        {**rows["quality.failed_row"][0], "batch_id": NEW, "row_no": number, "check_id": "R02", "message_zh": "=cmd|x `[a](http://b)`\n<b>", "message_en": "bad"} for number in (2, 3)]
    rows["quality.failed_row"].append({**rows["quality.failed_row"][0], "batch_id": POWER, "row_no": 0, "check_id": "L17", "severity": "critical"})
    rows["quality.failed_row"].append({**rows["quality.failed_row"][0], "batch_id": NEW, "row_no": 4, "check_id": "R99", "severity": "info"})
    for row in rows["marts.fct_enterprise_account_year"]:
        if row["uscc"] == A:
            row["direct_common_tco2e"] += Decimal("1500")
    for row in rows["marts.fct_total_year"]:
        if row["code"] == "520100:30":
            row["direct_tco2e"] += Decimal("1500")
    rows["marts.fct_total_year"].append({**rows["marts.fct_total_year"][0], "level": "prefecture_industry", "code": "520200:31", "direct_tco2e": Decimal("-7.25")})
    rows["marts.fct_restatement"] = [
        {"release_id": ABOUT.release_id, "from_release_id": FIRST, "level": "enterprise", "code": A, "period_kind": "year", "period": YEAR, "measure": "direct_tco2e",
         "cause": cause, "evaluation_order": order, "cause_zh": zh, "cause_en": cause, "delta_tco2e": Decimal(delta), "is_synthetic": True}
        for order, (cause, zh, delta) in enumerate((("correction", "更正", "-100"), ("late_data", "迟到数据", "1600")))]
    rows["marts.fct_target_verdict"][0] |= {"verdict": "not_met", "reason_zh": "未达到", "reason_en": "missed"}
    rows["marts.fct_known_issue"][1] |= {"is_open": False, "closed_on": date(2025, 3, 1)}
    return rows


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("notes")
    return _notes(write_build(folder / "sealed.duckdb", later()), write_build(folder / "before.duckdb"), ABOUT)


def _notes(sealed: Path, before: Path | None, about: Notes) -> str:
    with connect() as db:
        attach(db, sealed, "sealed")
        if before is not None:
            attach(db, before, "before")
        return release_notes(db, about)


def _section(text: str, heading: str) -> str:
    [part] = [part for part in text.split("\n## ") if heading in part.partition("\n")[0]]
    return part


def test_what_came_and_was_held_since_the_predecessor(text: str) -> None:
    came = _section(text, "What came")
    assert "| 企业过程排放活动 enterprise_process | 1 | 5 | 3 | 2 | 0 |" in came and ENERGY not in came and "enterprise_energy" not in came
    assert "1 earlier batches are judged otherwise now" in came
    held = [line.split(" | ")[:4] for line in _section(text, "What is held").splitlines() if line.startswith("| ")][1:]
    assert held == [["| R02", "2", "2", "0"], ["| L17", "0", "1", "1"], ["| R01", "0", "1", "0"]]   # findings that only tell are not held


def test_what_moved_most_with_its_causes(text: str) -> None:
    moved = _section(text, "What moved most")
    cells, enterprises = moved.split("### 企业 | enterprises")
    assert "| 520100:30 | 贵阳市 | 2025 | 306 | 1,806 | +1,500 | — |" in cells and "| 520200:31 | — | 2025 | — | -7.250 | -7.250 | — |" in cells
    assert cells.index("520100:30") < cells.index("520200:31") and "520300:44" not in moved   # what did not move is not listed
    assert "+1,500 | 迟到数据 late\\_data +1,600；更正 correction -100 |" in enterprises


def test_totals_issues_worklist_and_verdicts(text: str) -> None:
    assert "| 2025 | 520000 | 1,306 | 50 | 100.0%（1/1） | provisional（not\\_due） |" in _section(text, "Totals of the province")
    issues = _section(text, "Open known issues")
    assert "I-1" in issues and "I-2" not in issues and "未知 unknown" in issues
    assert "1 items open, 1 of them overdue; 12 tCO2e at stake" in _section(text, "Worklist")
    assert "| E05 | 520000 | 2025 | met | not\\_met | 未达到；missed |" in _section(text, "Targets")


def test_what_a_deliverer_wrote_is_text(text: str) -> None:
    text = text.replace("[tCO2e]", "tCO2e")
    assert "<" not in text and "http://" not in text and not re.search(r"(?<!\\)[\[\]`]", text)
    assert "某厂\\|\\[甲\\](x)\\` &lt;b&gt;" in text            # the register's name: no cell, link or HTML
    assert "'=cmd\\|x" in text                                    # no formula either
    widths = [line.replace("\\|", "").count("|") for line in _section(text, "What is held").splitlines() if line.startswith("|")]
    assert len(set(widths)) == 1
    assert md("a\r\n| b\u202e@x www.y.z") == "a \\| b &#64;x www&#46;y.z" and md("-5.2") == "-5.2" and md("-cmd") == "'-cmd" and md(None) == "—"


def test_the_first_release_has_nothing_to_compare_with(tmp_path: Path) -> None:
    build = write_build(tmp_path / "sealed.duckdb")
    first = _notes(build, None, Notes("x", date(2025, 3, 31), False, "c0de"))
    assert "| 前一版本 predecessor | 没有 none |" in first and "真实数据" in first and "| 企业能源购进消费库存 enterprise_energy | 1 | 4 |" in first
    assert first.count("there is no predecessor to compare with") == 2
    assert first == _notes(build, None, Notes("x", date(2025, 3, 31), False, "c0de"))


def test_the_notes_are_sealed_with_the_release(tmp_path: Path) -> None:
    settings = two_releases(tmp_path)
    notes = (settings.marts / "release.md").read_text("utf-8")
    assert notes.startswith(f"# 发布说明 | Release notes {SECOND}") and FIRST in notes and "nothing moved" in notes and "no new batch" in notes
    assert verify(settings) == []
    flip(release_folder(settings, SECOND) / "release.md", 100)
    assert any("release.md" in problem for problem in verify(settings))


def test_a_predecessor_that_is_damaged_is_not_compared_with(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "data")
    publish(settings, write_build(tmp_path / "one.duckdb"), info())
    flip(release_folder(settings, FIRST) / "carbon.duckdb", 9000)
    publish(settings, write_build(tmp_path / "two.duckdb", changed_tables()), info(fingerprint="b" * 64, minute=1))
    assert "nothing below is compared with it" in (settings.marts / "release.md").read_text("utf-8")
