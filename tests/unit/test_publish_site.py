"""The steward's pages: sealed with the release, one file each, in both languages, saying what the tables say."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pipelines.publish.site import RuleText
from pipelines.publish.site.read import consequence
from pipelines.publish.site.write import heat
from pipelines.publish.verify import verify
from tests.unit.publish_build import ENERGY, FEB, HOSTILE, POWER, A, info, publish, settings_for, tables, write_build


def _build(folder: Path) -> Path:
    rows = tables()
    rows["quality.batch"][0]["file_name"] = HOSTILE
    return write_build(folder / "build.duckdb", rows)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    settings = settings_for(folder / "data")
    publish(settings, _build(folder), info(rules={"R01": RuleText("因为", "because", "数据治理岗 | data steward")}))
    assert verify(settings) == []
    return settings.marts / "site"


class _Loads(HTMLParser):
    """Everything that a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a":
            self.links.append(values.get("href") or "")
        else:
            self.found += [str(values[name]) for name in ("src", "href") if values.get(name)]


def _pages(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def test_there_is_a_page_of_the_night_of_coverage_and_of_each_delivery_with_findings(site: Path) -> None:
    assert [p.relative_to(site).as_posix() for p in _pages(site)] == [
        f"quality/batch/{ENERGY}.html", "quality/coverage.html", "quality/index.html", "quality/issues.html", "quality/worklist.html"]


def test_a_page_loads_nothing_from_elsewhere_and_its_links_lead_somewhere(site: Path) -> None:
    for page in _pages(site):
        parser = _Loads()
        parser.feed(page.read_text("utf-8"))
        assert [name for name in parser.found if not name.startswith("data:")] == []
        for link in parser.links:
            assert link.startswith("#") or (page.parent / link).is_file(), link


def test_what_a_deliverer_wrote_is_text(site: Path) -> None:
    for page in _pages(site):
        text = page.read_text("utf-8")
        assert HOSTILE not in text
    assert "&lt;script&gt;alert(1)" in (site / "quality" / "index.html").read_text("utf-8")


def test_the_batch_page_says_which_row_why_what_to_do_and_what_follows(site: Path) -> None:
    text = (site / "quality" / "batch" / f"{ENERGY}.html").read_text("utf-8")
    for words in ("负数", "negative", "请核对", "check", "消费量", "甲厂", A, "因为", "because", "其余 3 行已入库；1 行隔离，等待更正"):
        assert words in text
    assert POWER not in text


def test_a_decision_shows_the_reported_value_beside_the_used_one(site: Path) -> None:
    text = (site / "quality" / "batch" / f"{ENERGY}.html").read_text("utf-8")
    assert re.search(r"<td>-1</td><td><b>1</b></td><td>.*?采用更正值", text)
    assert "企业账户" in text and "342" in text


def test_the_worklist_says_what_is_at_stake_whose_it_is_and_until_when(site: Path) -> None:
    text = (site / "quality" / "worklist.html").read_text("utf-8")
    row = re.search(r"<tbody>(.*?)</tbody>", text, re.DOTALL)
    assert row
    for words in (">12<", "R01", "因为", "because", f"batch/{ENERGY}.html", "2025-02-01", "逾期", "prefecture=520100"):
        assert words in row[1], words


def test_known_issues_stand_with_their_figures(site: Path) -> None:
    text = (site / "quality" / "issues.html").read_text("utf-8")
    rows = re.findall(r"<tr><td><code.*?</tr>", text, re.DOTALL)
    assert len(rows) == 3 and "I-3" in rows[2] and rows[2] in text[text.index("<details>"):]     # settled ones at the end
    first, second = rows[:2]
    assert ">1,306<" in first and "未知" in first and "偏低&lt;script&gt;|" in first                # the total of the year
    assert ">292<" in second and ">+12<" in second and "待检定" in second                          # 292.5 t, too high by 12.5 t
    assert re.search(r"issues.html\">.*?</a><b>2</b>", (site / "quality" / "index.html").read_text("utf-8"))
    assert "known issue</span> I-2" in (site / "quality" / "batch" / f"{ENERGY}.html").read_text("utf-8")   # beside the account at stake


def test_both_languages_stand_side_by_side_and_synthetic_data_say_so(site: Path) -> None:
    for page in _pages(site):
        text = page.read_text("utf-8")
        assert text.count('class="zh"') == text.count('class="en"') > 0
        assert "演示数据" in text and "SYNTHETIC DATA" in text


def test_coverage_shows_who_did_not_report(site: Path) -> None:
    text = (site / "quality" / "coverage.html").read_text("utf-8")
    assert re.search(r"乙厂.*?<td class=\"missing\"", text, re.DOTALL)
    assert re.search(r"甲厂.*?<td class=\"partial\"", text, re.DOTALL)
    assert "贵阳市" in text and "遵义市" in text


def test_a_later_release_takes_its_own_pages_along(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "data")
    publish(settings, _build(tmp_path), info())
    rows = tables()
    rows["quality.failed_row"][0]["batch_id"] = rows["quality.decision"][0]["batch_id"] = POWER
    rows["quality.batch"][0] |= {"rows_quarantined": 0, "rows_accepted": 4, "outcome": "accepted"}
    rows["quality.batch"][1] |= {"rows_quarantined": 1, "rows_accepted": 0, "outcome": "refused"}
    publish(settings, write_build(tmp_path / "second.duckdb", rows), info(fingerprint="b" * 64, minute=5))
    assert [p.stem for p in (settings.marts / "site" / "quality" / "batch").iterdir()] == [POWER]
    assert verify(settings) == []
    (settings.marts / "site" / "quality" / "left.html").write_text("left over", "utf-8")
    assert any("left.html" in problem for problem in verify(settings))


def test_the_consequence_of_a_refusal_names_what_the_figures_rest_on() -> None:
    refused = {"outcome": "refused", "rows_accepted": 0, "rows_quarantined": 4}
    assert "2025-02-01" in consequence({**refused, "earlier_at": FEB})[0]
    assert consequence({**refused, "earlier_at": None})[1] == "nothing entered; this source has no earlier data"


def test_the_colour_scale_uses_its_ends() -> None:
    assert [heat(n, 10) for n in (0, 1, 9, 10)] == [0, 1, 5, 5]
    assert heat(1, 1) == 5
    assert heat(0, 0) == 0
