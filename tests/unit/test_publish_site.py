"""The site of a release: written from its tables alone, in both languages, whatever deliverers call themselves."""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts.rules import RuleText
from pipelines.publish.site import write_site
from pipelines.publish.site.catalogue import load_catalogue
from pipelines.publish.site.made import MADE
from pipelines.publish.site.pages import Context, Site
from pipelines.publish.site.words import rule_title
from pipelines.publish.verify import verify
from pipelines.warehouse.duck import attach, connect
from tests.unit.publish_build import (
    ENERGY,
    FIRST,
    HOSTILE,
    POWER,
    YEAR,
    A,
    B,
    enterprise,
    info,
    publish,
    settings_for,
    tables,
    write_build,
)

NASTY = "\u202e<b onclick=x>\u200f某\u0007\"'&厂😀" + "长" * 40
RULE = RuleText("R01", "gate", "warning", "{column_zh}“{value}”为负数", "{column} {value!r} is negative", "因为", "because", "数据治理岗 | data steward", "2026-11-22", "here.yml")


def _build(folder: Path) -> Path:
    rows = tables()
    rows["quality.batch"][0]["file_name"] = HOSTILE
    rows["marts.dim_enterprise"] = [enterprise(A, enterprise_name=NASTY, industry_division_name="非金属矿物制品业"), enterprise(B)]
    rows["reference.division"] = [
        {"division_code": code, "division_name": name, "level": level, "parent_code": parent}
        for code, name, level, parent in (
            ("520000", "贵州省", "province", None), ("520100", "贵阳市", "prefecture", "520000"), ("520300", "遵义市", "prefecture", "520000"),
            ("520400", "安顺市", "prefecture", "520000"), ("520102", "南明区", "county", "520100"))
    ]
    rows["reference.target"] = [{"target_id": "E05", "section": "（一）能源 / 新能源", "indicator_zh": "生物质发电装机", "indicator_en": "biomass capacity"}]
    return write_build(folder / "build.duckdb", rows, whole=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    settings = settings_for(folder / "data")
    publish(settings, _build(folder), info(rules={"R01": RULE}), site=True)
    assert verify(settings) == []
    return settings.marts / "site"


class _Reads(HTMLParser):
    """What a page loads, where it leads, its elements by their end, and its text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.policy = ""
        self.texts: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a":
            self.links.append(values.get("href") or "")
        elif tag == "meta" and values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"] or ""
        else:
            self.loads += [str(values[name]) for name in ("src", "href") if values.get(name)]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def _pages(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def test_the_pages_of_the_catalogue_are_there(site: Path) -> None:
    found = {p.relative_to(site).as_posix() for p in _pages(site)}
    assert {
        "index.html", "city/520100.html", "city/520102.html", "city/520400.html", "industry/30.html", f"enterprise/{A}.html", "reconciliation.html", "target.html", "inventory.html",
        "dictionary/marts.fct_total_year.html", "download.html", "releases.html", "quality/index.html", "quality/worklist.html", "quality/issues.html", "quality/coverage/520100.html",
        f"quality/batch/{ENERGY}.html", f"quality/batch/{POWER}.html", "quality/check/R01.html", "quality/score.html",
    } <= found


def test_a_page_loads_only_its_own_assets_and_every_link_leads_somewhere(site: Path) -> None:
    for page in _pages(site):
        reads = _Reads(page)
        assert "default-src 'none'" in reads.policy and "unsafe-inline" not in reads.policy.split("style-src")[0]
        for target in reads.loads:
            assert target == "data:," or (page.parent / target).resolve().is_relative_to(site.resolve()), target
        for link in reads.links:
            target, _, mark = link.partition("#")
            file = page.parent / target if target else page
            assert file.is_file(), f"{page}: {link}"
            if mark and file.suffix == ".html":
                assert f'id="{mark.split(";")[0]}"' in file.read_text("utf-8") or mark == "main", link


def test_what_a_deliverer_wrote_is_text_without_marks_that_turn_it(site: Path) -> None:
    for page in _pages(site):
        text = page.read_text("utf-8")
        assert HOSTILE not in text and "<b onclick" not in text
        assert not re.search("[\u0000-\u0008\u200e\u200f\u202a-\u202e\u2066-\u2069]", text), page
    assert "&lt;script&gt;alert(1)" in (site / "quality" / "batch" / f"{ENERGY}.html").read_text("utf-8")
    assert "😀" in "".join(_Reads(site / "enterprise" / f"{A}.html").texts)


def test_both_languages_stand_side_by_side_and_synthetic_data_say_so(site: Path) -> None:
    for page in _pages(site):
        text = page.read_text("utf-8")
        assert text.count("<i lang=zh>") == text.count("<i lang=en>") > 0
        assert "演示数据" in text and "SYNTHETIC DATA" in text


def test_a_delivery_says_which_row_why_what_to_do_and_what_follows(site: Path) -> None:
    text = (site / "quality" / "batch" / f"{ENERGY}.html").read_text("utf-8")
    for words in ("负数", "negative", "请核对", "check", "消费量", A, "因为", "because", "其余 3 行已入库；1 行隔离，等待更正", "the other 3 rows entered"):
        assert words in text, words
    assert POWER not in text
    assert (site / "quality" / "batch" / f"{ENERGY}.xlsx").is_file() and f'href="{ENERGY}.xlsx"' in text
    assert not (site / "quality" / "batch" / f"{POWER}.xlsx").exists()


def test_an_accepted_delivery_has_a_page_too(site: Path) -> None:
    text = (site / "quality" / "batch" / f"{POWER}.html").read_text("utf-8")
    assert "全部入库" in text and "没有发现" in text


def test_a_decision_shows_the_reported_value_beside_the_used_one(site: Path) -> None:
    text = (site / "quality" / "batch" / f"{ENERGY}.html").read_text("utf-8")
    assert re.search(r"<td>-1<td>1<td><span class=\"tag good\">.*?采用更正值", text)


def test_the_worklist_says_what_is_at_stake_and_until_when(site: Path) -> None:
    text = (site / "quality" / "worklist.html").read_text("utf-8")
    row = text[text.index("<tbody>"):]
    for words in (">12<", "R01", "为负数", "is negative", f"batch/{ENERGY}.html", "2025-02-01", "逾期"):
        assert words in row, words


def test_no_check_stands_without_its_title(site: Path) -> None:
    assert rule_title(RULE.zh, RULE.en) == ("…为负数", "is negative")
    for page in ("index.html", "worklist.html", "check/index.html"):
        text = (site / "quality" / page).read_text("utf-8")
        for at in re.finditer(r">R01<", text):
            assert "为负数" in text[max(0, at.start() - 200):at.start()], page


def test_known_issues_stand_with_their_figures(site: Path) -> None:
    text = (site / "quality" / "issues.html").read_text("utf-8")
    rows = re.findall(r"<tr><td class=k><code>(I-\d).*?(?=<tr>|</table>)", text, re.DOTALL)
    assert rows == ["I-1", "I-2", "I-3"] and text.index("I-3") > text.index("已关闭")
    first, second = (re.search(rf"<code>{issue}</code>.*?(?=<tr>|</table>)", text, re.DOTALL)[0] for issue in ("I-1", "I-2"))
    assert "1,306" in first and "未知" in first and "偏低&lt;script&gt;|" in first
    assert "292.5" in second and "+12.5" in second and "待检定" in second
    assert "I-2" in (site / "quality" / "batch" / f"{ENERGY}.html").read_text("utf-8")   # beside the account at stake


def test_a_city_without_data_says_so_and_a_source_that_is_missing_too(site: Path) -> None:
    assert "本地没有企业账户" in (site / "city" / "520400.html").read_text("utf-8")
    assert "没有小时数据" not in (site / "grid.html").read_text("utf-8")
    assert "本版本没有这类数据" in (site / "register.html").read_text("utf-8")
    assert "没有前一版本" in (site / "index.html").read_text("utf-8")


def test_the_coverage_map_shows_who_did_not_report(site: Path) -> None:
    text = (site / "quality" / "coverage" / "520300.html").read_text("utf-8")
    assert re.search(r"乙厂</a><td class=m>缺", text)
    assert "催报单" in text and "任何报表" in text


class _AnyRow(Site):
    """The pages with one made-up row for every query, from the types of its columns; `unknown` columns are null."""

    def __init__(self, *given: Any, unknown: bool) -> None:
        self.unknown = unknown
        super().__init__(*given)

    def rows(self, sql: str, where: str) -> list[dict[str, Any]]:
        described = self.db.execute(f"describe {sql}").fetchall()
        return [{name: self._value(name, kind) for name, kind, *_ in described}]

    def _value(self, name: str, kind: str) -> Any:
        if self.unknown and name not in ("page", "period", "row", "state", "floor"):
            return None
        if name == "state":   # of a delivery's month: the one word that a page knows by heart
            return "reported"
        if name == "page":
            return "x"
        sample = {"DATE": date(2025, 1, 1), "BOOLEAN": True, "VARCHAR": "x", "VARCHAR[]": ["x"]}
        return datetime(2025, 1, 1, 8) if kind.startswith("TIMESTAMP") else sample.get(kind, 1)


@pytest.mark.parametrize("unknown", [False, True], ids=["known", "unknown"])
def test_every_block_can_be_written_also_one_that_has_no_row_today(site: Path, unknown: bool) -> None:
    """A column that is named and not there, or a value not known, must not end the night on which the first row comes."""
    with connect() as db:
        attach(db, site.parent / "carbon.duckdb", "sealed")
        db.execute("use sealed")
        release = {"release_id": "r", "knowledge_date": date(2025, 3, 31), "is_synthetic": True, "previous_date": None, "closed": None}
        pages = list(_AnyRow(Context(db, site.parent, release, {"R01": RULE}), load_catalogue(), MADE, unknown=unknown).pages())
    blocks = [(leaf.page.id, shown) for leaf, found in pages for shown in found]
    assert {page for page, _ in blocks} == {page.id for page in load_catalogue().pages}
    assert all(shown.count for _, shown in blocks)


def test_figures_lead_to_their_explanation(site: Path) -> None:
    text = (site / "index.html").read_text("utf-8")
    assert f"dictionary/marts.fct_total_year.html#direct_tco2e;level=province,code=520000,period={YEAR}" in text
    account = (site / "enterprise" / f"{A}.html").read_text("utf-8")
    assert f"carbon explain --uscc {A} --period 2025" in account and f'data-k="uscc={A},period={YEAR}"' in account


def test_a_change_on_the_year_before_needs_that_year_and_a_year_that_is_over(site: Path) -> None:
    """With rows of 2022 (10), 2024 (20), 2025 (30), 2026 (6, one prefecture's reports not due) and 2027 (2, running and of stale input): only 2025 has one."""
    relations = {name: load_catalogue().relations[name].replace("marts.fct_total_year", "total") for name in ("open_year", "total_year")}
    with connect() as db:
        attach(db, site.parent / "carbon.duckdb", "sealed")
        db.execute("create table this as select date '2027-06-30' as knowledge_date")
        db.execute("create table total as from sealed.marts.fct_total_year limit 0")
        for level, year, direct, reason in (
            ("province", 2022, 10, "complete"), ("province", 2024, 20, "complete"), ("province", 2025, 30, "reports_missing"), ("province", 2026, 6, "stale_input"),
            ("prefecture", 2026, 1, "not_due"), ("province", 2027, 2, "stale_input"),
        ):
            db.execute("insert into total by name select ? as level, '520000' as code, make_date(?, 1, 1) as period, ? as direct_tco2e, ? as status_reason", [level, year, direct, reason])
        db.execute(f"create table open_year as {relations['open_year']}")
        found = db.execute(f"select year, yoy from ({relations['total_year']}) where level = 'province' order by 1").fetchall()
        assert found == [(2022, None), (2024, None), (2025, 0.5), (2026, None), (2027, None)]
    assert "../method.html#derived" in (site / "industry" / "index.html").read_text("utf-8") and "本年 ÷ 上年 − 1" in (site / "method.html").read_text("utf-8")


def test_the_download_page_lists_what_is_there(site: Path) -> None:
    text = (site / "download.html").read_text("utf-8")
    assert 'href="../parquet/quality.batch.parquet"' in text and "downloads/" not in text


def test_downloads_that_lie_beside_the_site_are_linked(site: Path, tmp_path: Path) -> None:
    for name in ("downloads/marts.fct_total_year.csv", "downloads/marts.fct_total_year.xlsx", f"downloads/enterprise/{A}.csv", "downloads/dbt/index.html", "downloads/datapackage.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x", "utf-8")
    about = {"release_id": FIRST, "knowledge_date": date(2025, 3, 31), "is_synthetic": True, "previous_date": None, "closed": ("2024 年已封账", "2024 is closed")}
    with connect() as db:
        attach(db, site.parent / "carbon.duckdb", "sealed")
        write_site(db, tmp_path, about, {})
    text = (tmp_path / "site" / "download.html").read_text("utf-8")
    for name in ("marts.fct_total_year.csv", "marts.fct_total_year.xlsx", "datapackage.json", "dbt/index.html"):
        assert f'href="../downloads/{name}"' in text, name
    assert "parquet" not in text and "quality.batch.csv" not in text
    assert f'href="../../downloads/enterprise/{A}.csv"' in (tmp_path / "site" / "enterprise" / f"{A}.html").read_text("utf-8")
    assert "2024 年已封账" in text and ">R01<" in (tmp_path / "site" / "quality" / "check" / "index.html").read_text("utf-8")


def test_the_same_release_gives_the_same_bytes(site: Path, tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "data")
    publish(settings, _build(tmp_path), info(rules={"R01": RULE}), site=True)

    def bytes_of(folder: Path) -> dict[str, str]:
        return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}

    assert bytes_of(settings.marts / "site") == bytes_of(site)


def test_a_later_release_takes_its_own_pages_along(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "data")
    publish(settings, _build(tmp_path), info())
    rows = tables()
    rows["quality.batch"][1] |= {"rows_quarantined": 1, "rows_accepted": 0, "outcome": "refused"}
    rows["quality.worklist"].append({**rows["quality.worklist"][0], "item_id": "W2", "state": "new", "batch_id": POWER, "tonnes_at_stake": None, "tonnes_at_most": None})
    second = info(fingerprint="b" * 64, minute=5, knowledge_date=date(2025, 4, 1))
    publish(settings, write_build(tmp_path / "second.duckdb", rows, whole=True), second, site=True)
    inbox = (settings.marts / "site" / "quality" / "index.html").read_text("utf-8")
    assert FIRST not in inbox
    assert "已退回" in inbox and "整批未入库；该来源此前没有可用数据" in inbox
    assert inbox.index("历来未了结") < inbox.index("已退回"), "it came before the last release"
    assert "吨数未知" in inbox
    assert verify(settings) == []
    (settings.marts / "site" / "quality" / "left.html").write_text("left over", "utf-8")
    assert any("left.html" in problem for problem in verify(settings))
