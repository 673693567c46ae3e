"""Write the pages into the folder of a release that is being sealed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipelines.contracts.rules import RuleText
from pipelines.publish.correction import write_sheets
from pipelines.publish.site.catalogue import Chart, load_catalogue
from pipelines.publish.site.made import MADE
from pipelines.publish.site.pages import Context, Leaf, Shown, Site, script
from pipelines.publish.site.words import html, title
from pipelines.publish.store import SITE

STATIC = Path(__file__).with_name("static")
_ASSETS = ("site.css", "site.js", "echarts/echarts.min.js", "echarts/LICENSE", "echarts/NOTICE")
_MAP = "guizhou_prefectures.geojson"
HERE = "{to}"   # in the foot of assets/pages.js, for the way from a page to the folder of the site


def write_site(db: Any, folder: Path, release: dict[str, Any], rules: Mapping[str, RuleText]) -> None:
    """Write all pages below `folder`/site.

    Args:
        db: a connection with the release attached as `sealed`.
        release: release_id, knowledge_date (date), is_synthetic, previous_date (date of the release before, or None),
            closed (which years are closed, by whom, in both languages, or None).
        rules: texts of the checks by id; a check without one is shown without a reason.
    """
    root = folder / SITE
    _write_assets(root / "assets")
    db.execute("use sealed")
    sheets = write_sheets(db, root / "quality" / "batch", release["knowledge_date"])
    site = Site(Context(db, folder, release, rules), load_catalogue(), MADE)
    site.paths |= {f"quality/batch/{name}" for name in sheets}
    templates = _templates()
    template = templates.get_template("layout.html")
    areas = [("analyst", "index.html", html(("分析", "Analysis"))), ("steward", "quality/index.html", html(("数据质量台", "Data quality")))]
    navs = {area: site.nav(area) for area, _, _ in areas}
    _write_pages(root / "assets" / "pages.js", navs, templates.get_template("foot.html").render(to=HERE, release=release))
    made: set[Path] = set()
    for leaf, blocks in site.pages():
        path = root / leaf.path
        if path.parent not in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            made.add(path.parent)
        path.write_text(template.render(
            leaf=leaf, blocks=blocks, release=release, to=leaf.prefix, areas=areas, nav=navs[leaf.page.area], here=_place(site, leaf), crumbs=site.crumbs(leaf),
            title=title(leaf.title),
            has_chart=any(block.data for block in blocks), has_map=_has_map(blocks),
        ), "utf-8")


def _place(site: Site, leaf: Leaf) -> str:
    """The page of the list of pages that a page belongs to."""
    page = leaf.page
    while not page.nav and page.parent:
        page = site.first[page.parent].page
    return page.id


def _has_map(blocks: list[Shown]) -> bool:
    return any(block.data and isinstance(block.block, Chart) and block.block.form == "map" for block in blocks)


def _write_assets(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in _ASSETS:
        shutil.copyfile(STATIC / name, folder / Path(name).name)
    (folder / "map.js").write_text(f"window.carbonMap={(STATIC / _MAP).read_text('utf-8').strip()};\n", "utf-8")


def _write_pages(path: Path, navs: Mapping[str, list[tuple[str, str, Markup]]], foot: str) -> None:
    """The lists of pages and the foot once, for the many pages that have none of their own."""
    lists = {area: [list(map(str, entry)) for entry in nav] for area, nav in navs.items()}
    path.write_text(f"window.carbonPages={script(lists)};\nwindow.carbonFoot={script(foot.strip())};\n", "utf-8")


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )
    environment.globals["t"] = lambda zh, en: html((zh, en))
    return environment
