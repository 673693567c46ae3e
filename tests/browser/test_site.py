"""The pages in a real browser: nothing fails, nothing is asked for elsewhere, everybody can read them, and they do what they are for.

axe-core 4.14.1 (npm, MPL-2.0, axe.LICENSE) is used here only; it is no part of the product.
"""

from __future__ import annotations

import csv
import hashlib
import io
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pipelines.publish.site.catalogue import load_catalogue
from pipelines.publish.site.write import STATIC
from tests.browser.conftest import Watched

AXE = Path(__file__).with_name("axe.min.js")
VENDORED = {
    AXE: "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c",
    STATIC / "echarts" / "echarts.min.js": "b66b25aeb4df84e33199dc21694014d336d222cbd9deb0e5a7c14bd6aa0d0fd0",
    STATIC / "echarts" / "LICENSE": "634293835b43a6dd2094fa39182a3d9a6b9ca43b7fdb9ac354e8037af2a3093a",
    STATIC / "echarts" / "NOTICE": "d491d358344f842685c1b1585970999db65fe30ecf7ef3867af8814f4016c016",
}
PAGES = [page.id for page in load_catalogue().pages]


@pytest.mark.parametrize("file", VENDORED, ids=lambda file: file.name)
def test_what_is_taken_from_others_is_what_they_published(file: Path) -> None:
    assert hashlib.sha256(file.read_bytes()).hexdigest() == VENDORED[file]


@cache
def _axe() -> str:
    return AXE.read_text("utf-8")


def _fullest(site: Path, page_id: str) -> str:
    """A page of an entry; of many the one that holds most."""
    [page] = [page for page in load_catalogue().pages if page.id == page_id]
    if "{" not in page.path:
        return page.path
    found = [path for path in site.glob(page.path.replace("{page:file}", "*")) if path.name != "index.html"]
    return max(found, key=lambda path: (path.stat().st_size < 60_000, path.stat().st_size, path.name)).relative_to(site).as_posix()


def _violations(page: Any, *rules: str) -> list[str]:
    """What axe finds, in one line each; `rules`: only those."""
    page.evaluate(_axe())
    only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    found = page.evaluate("only => axe.run(document, {preload: false, resultTypes: ['violations'], ...only})", only)
    return [f"{v['id']}: {v['nodes'][0]['html'][:200]} ({len(v['nodes'])}) {v['nodes'][0]['failureSummary'][:200]}" for v in found["violations"]]


@pytest.mark.parametrize("page_id", PAGES)
def test_every_page_in_both_languages_and_themes_on_a_phone(watched: Watched, site: Path, page_id: str) -> None:
    watched.errors.clear()
    watched.open(site, _fullest(site, page_id))
    page = watched.page
    if page.evaluate("document.documentElement.dataset.lang") == "en":
        page.click("#lang")
    if page.evaluate("document.documentElement.dataset.theme") == "dark":
        page.click("#theme")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert _violations(page) == []
    assert page.evaluate("document.querySelectorAll('.chart:not([data-drawn])').length") == 0
    zh = page.inner_text("main")
    page.click("#lang")
    page.click("#theme")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert _violations(page, "color-contrast", "html-has-lang", "image-alt", "svg-img-alt", "role-img-alt") == []
    assert page.inner_text("main") != zh and page.inner_text("h1")
    assert watched.errors == [] and watched.outside == []


def test_from_the_map_to_the_file_and_row(watched: Watched, site: Path) -> None:
    page = watched.page
    page.set_viewport_size({"width": 1400, "height": 1000})
    watched.open(site, "index.html?lang=zh")
    page.locator(".chart svg text", has_text="遵义").first.click()
    page.wait_for_url("**/city/520300.html")
    page.locator("table a", has_text="演示").first.click()
    page.wait_for_url("**/enterprise/*.html")
    assert page.locator("h2", has_text="账户逐行").count() == 1
    page.locator(".tile .value a").first.click()
    page.wait_for_url("**/dictionary/marts.fct_enterprise_account_year.html#direct_tco2e*")
    assert page.locator("#command").inner_text().startswith("carbon explain --table marts.fct_enterprise_account_year --column direct_tco2e --key uscc=X1")
    page.go_back()
    page.locator(".crumbs a").first.click()
    page.wait_for_url("**/enterprise/index.html")
    watched.open(site, "industry/index.html?lang=zh")
    page.locator("table a").first.click()
    page.locator("table a.fig").first.click()
    page.wait_for_url("**/dictionary/*#*")
    assert page.locator("#explained").is_visible()


def test_a_list_is_filtered_sorted_and_saved(watched: Watched, site: Path) -> None:
    page = watched.page
    watched.open(site, "enterprise/index.html?lang=zh")
    box = page.locator(".table").first
    every = box.locator("tbody tr").count()
    box.locator("input[type=search]").fill("遵义 X15203")
    shown = box.locator("tbody tr:visible")
    assert 0 < shown.count() < every and all("遵义" in text for text in shown.all_inner_texts())
    assert box.locator(".count").inner_text() == f"{shown.count()} / {every}"
    box.locator("input[type=search]").fill("")
    box.locator("thead button", has_text="直接排放").click()
    assert box.locator("th[aria-sort=descending]").count() == 1
    numbers = [float(text.replace(",", "")) for text in box.locator("tbody td:nth-child(5)").all_inner_texts() if text != "—"]
    assert numbers == sorted(numbers, reverse=True) and len(numbers) > 3
    with page.expect_download() as saved:
        box.locator(".csv").click()
    text = Path(saved.value.path()).read_bytes().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][0] == "企业" and len(rows) == every + 1 and "Enterprise" not in text


def test_a_saved_table_runs_no_formula(watched: Watched, site: Path) -> None:
    page = watched.page
    watched.open(site, "enterprise/index.html?lang=zh")
    page.evaluate("document.querySelector('.table tbody td').textContent = '=cmd|1!A1'")
    with page.expect_download() as saved:
        page.locator(".csv").first.click()
    assert "\"'=cmd|1!A1\"" in Path(saved.value.path()).read_bytes().decode("utf-8-sig")


def test_the_data_of_a_chart_stand_as_a_table(watched: Watched, site: Path) -> None:
    page = watched.page
    watched.open(site, "grid.html?lang=en")
    chart = page.locator(".chart").first
    told = chart.get_attribute("aria-label")
    assert told.startswith("Grid factors by month (tCO₂/MWh): Production: last ") and "highest" in told
    page.locator("details.data summary").first.click()
    head = page.locator("details.data table").first.locator("th")
    head.first.wait_for()   # it is written when it is opened
    assert "Production (tCO₂/MWh)" in head.all_inner_texts()


def test_the_keyboard_reaches_everything_and_the_choice_of_language_is_kept(watched: Watched, site: Path) -> None:
    page = watched.page
    watched.open(site, "quality/index.html?lang=zh")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.focus("#lang")
    page.keyboard.press("Enter")
    watched.open(site, "target.html")
    assert page.inner_text("h1").startswith("The carbon-peaking plan")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    page.click("#lang")


def test_the_correction_sheet_is_a_download(watched: Watched, site: Path) -> None:
    sheet = next(site.glob("quality/batch/*.xlsx"))
    watched.open(site, f"quality/batch/{sheet.stem}.html")
    with watched.page.expect_download() as saved:
        watched.page.locator("a.button").click()
    assert Path(saved.value.path()).read_bytes() == sheet.read_bytes()


def test_a_printed_page_holds_the_whole_table(watched: Watched, site: Path) -> None:
    page = watched.page
    watched.open(site, "target.html?lang=zh")
    page.emulate_media(media="print")
    try:
        assert not page.locator(".pages").is_visible() and not page.locator(".tbar").first.is_visible()
        assert page.evaluate("getComputedStyle(document.querySelector('.scroll')).maxHeight") == "none"
    finally:
        page.emulate_media(media="screen")
