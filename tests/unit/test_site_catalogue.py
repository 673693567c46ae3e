"""The catalogue of pages is whole: every published table is on a page or left out with a reason, in both languages, with columns that exist."""

from __future__ import annotations

import re
from datetime import date

import pytest
from pydantic import ValidationError

from pipelines.contracts.legend import load_legend
from pipelines.contracts.marts import load_marts
from pipelines.contracts.rules import all_rules
from pipelines.contracts.text import file_name
from pipelines.publish.cells import CELL_TABLE
from pipelines.publish.contract import RELEASE_TABLE
from pipelines.publish.site.catalogue import Block, Chart, Column, Facts, Page, Table, load_catalogue
from pipelines.publish.site.charts import chart
from pipelines.publish.site.made import MADE
from pipelines.publish.site.pages import script
from pipelines.publish.site.words import WAYS, both, code_words, figure, html, plain, rule_title, title, written
from pipelines.settings import PROJECT
from pipelines.yaml_text import load_yaml

CATALOGUE = load_catalogue()
PAGES = CATALOGUE.pages
BLOCKS = [(page, block) for page in PAGES for block in page.blocks]
CHINESE = re.compile("[\u4e00-\u9fff]")


def test_every_published_table_is_on_a_page_or_left_out_with_a_reason() -> None:
    published = {*load_marts(), RELEASE_TABLE, CELL_TABLE}
    assert published - CATALOGUE.tables - set(CATALOGUE.excluded) == set(), "give it an entry in pipelines/publish/site/catalogue/ (docs/guides/page.md)"
    assert (CATALOGUE.tables | set(CATALOGUE.excluded)) - published == set(), "a page names a table that is not published"
    assert all(CHINESE.search(zh) and en for zh, en in CATALOGUE.excluded.values())


def test_what_pages_read_stands_among_the_exposures() -> None:
    exposures = load_yaml((PROJECT / "dbt_project/models/exposures.yml").read_text("utf-8"))["exposures"]
    [site] = [e for e in exposures if e["label"] == "site"]
    read = {re.match(r"ref\('(\w+)'\)", ref)[1] for ref in site["depends_on"]}
    assert read == {name.split(".")[1] for name in CATALOGUE.tables & load_marts().keys()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.id)
def test_an_entry_has_words_in_both_languages(page: Page) -> None:
    words = [page.title, page.nav, page.lead, *(b.title for b in page.blocks), *(b.note for b in page.blocks), *(b.empty for b in page.blocks)]
    for block in page.blocks:
        words += [c.head for c in getattr(block, "columns", ())] + [s.name for s in getattr(block, "series", ())] + [t.name for t in getattr(block, "tiles", ())]
    for zh, en in filter(None, words):
        assert zh.strip() and en.strip(), (page.id, zh, en)
        assert not CHINESE.search(re.sub("左右|力争|以上", "", en)), (page.id, en)


def _ways(block: Block) -> set[str]:
    columns: tuple[Column, ...] = getattr(block, "columns", ())
    ways = {column.way for column in columns} | {f"word/{column.tag}" for column in columns if column.tag}
    if isinstance(block, Chart):
        ways |= {block.x_way, block.by_way}
    return ways


@pytest.mark.parametrize(("page", "block"), BLOCKS, ids=lambda it: getattr(it, "id", None) or str(getattr(it, "title", it)))
def test_a_block_can_be_written(page: Page, block: Block) -> None:
    for way in _ways(block):
        assert way in WAYS or (way.startswith("word/") and way[5:] in code_words()), way
    if isinstance(block, Chart):
        assert block.title and all(block.unit) and block.sources, "a chart says what it shows, its unit and its table"
    if isinstance(block, Table | Facts | Chart) and page.each and block.sql:
        assert re.search(r"\bpage\b", block.sql), "of a page a row, its column `page` says which"
    if isinstance(block, Table) and block.explain:
        columns = load_marts()[block.explain].columns
        named = {column.figure or column.c for column in block.columns if column.is_number and column.figure != "-" and not column.right}
        assert named <= columns.keys(), f"no columns of {block.explain}: {named - columns.keys()}"
        assert set(re.findall(r"(\w+)=", block.key)) <= columns.keys()
        assert {column.c for column in block.columns if column.figure == "-"} <= CATALOGUE.derived.keys(), "a column of no table says how it comes about"
    for tile in getattr(block, "tiles", ()):
        table, _, column = tile.figure.rpartition(".")
        assert not tile.figure or column in load_marts()[table].columns
    assert getattr(block, "by", None) in MADE or block.kind != "made"  # type: ignore[attr-defined]


def test_pages_have_places_of_their_own_and_hang_on_pages_that_are() -> None:
    names = [page.id for page in PAGES]
    assert len({page.path for page in PAGES}) == len(set(names)) == len(names)
    assert all(page.parent in names for page in PAGES if page.parent)
    assert all(page.nav or page.parent for page in PAGES), "a page is in the list of pages or hangs on another"


def test_a_word_that_is_missing_or_mistyped_is_named() -> None:
    with pytest.raises(ValidationError, match="colums"):
        Page(id="x", path="x.html", area="analyst", title=("题", "title"), blocks=[{"table": {"sql": "select 1", "colums": {}}}])
    with pytest.raises(ValidationError, match="title"):
        Page(id="x", path="x.html", area="analyst", title=("只有中文",), blocks=[])


def test_the_entry_of_the_guide_is_in_order() -> None:
    guide = (PROJECT / "docs/guides/page.md").read_text("utf-8")
    [entry] = load_yaml(guide[guide.index("```yaml\n") + 8:guide.index("```\n\n- ")])
    page = Page.model_validate(entry)
    assert [block.sources for block in page.blocks] == [("marts.fct_carbon_sink_total_year",)] * 2
    columns = load_marts()["marts.fct_carbon_sink_total_year"].columns
    assert {column.c for column in page.blocks[1].columns} <= columns.keys()  # type: ignore[union-attr]
    named = re.findall(r"(?:tests|pipelines|dbt_project)/[\w/]+(?:\.\w+)?", guide)
    assert len(named) > 5 and all((PROJECT / name).exists() for name in named)


def test_every_kind_of_code_that_pages_name_has_words() -> None:
    """In sentences, in SQL and in the drawing of charts as well: a kind that is not there would end the night."""
    site = PROJECT / "pipelines" / "publish" / "site"
    text = "".join(path.read_text("utf-8") for path in (*sorted(site.glob("*.py")), *sorted((site / "catalogue").glob("*.yml"))))
    named = set(re.findall(r"word/([a-z]\w*)", text)) | set(re.findall(r"(?:from word where |\bw\.)kind = '(\w+)'", text))
    assert len(named) > 30 and named - code_words().keys() == set()


def test_the_year_before_is_joined_by_its_date() -> None:
    """The row before may be of any year: a gap in the years made a change over several of them."""
    texts = [*CATALOGUE.relations.values(), *(page.each for page in PAGES), *(getattr(block, "sql", "") for _, block in BLOCKS)]
    assert [text for text in texts if re.search(r"\b(?:lag|lead)\(", text)] == []


def test_what_a_code_means_stands_in_the_legend_alone() -> None:
    """The pages add how it looks: a tone names a list and codes that are there, and no list has words of its own here."""
    own = load_yaml((PROJECT / "pipelines" / "publish" / "site" / "words.yml").read_text("utf-8"))
    assert [kind for kind in own["words"] if kind in load_legend()] == []
    assert {(kind, code) for kind, by_tone in own["tones"].items() for codes in by_tone.values() for code in codes if code not in code_words()[kind]} == set()
    tagged = {column.tag for _, block in BLOCKS for column in getattr(block, "columns", ()) if column.tag}
    tagged |= {tile.tag_kind for _, block in BLOCKS for tile in getattr(block, "tiles", ()) if tile.tag_kind} | {block.tag_kind for _, block in BLOCKS if getattr(block, "tag_kind", "")}
    assert tagged == own["tones"].keys()


def test_what_is_not_known_is_a_dash_and_never_a_zero() -> None:
    assert [written(None, way) for way in WAYS] == ["—"] * len(WAYS)
    assert written(0, "t") == "0" and written(0.0, "p") == "0.0%" and written("", "x") == "—"


def test_a_figure_is_written_as_it_is_read() -> None:
    assert [figure(v) for v in (0.00001234, 0.5683, 12.345, 123.45, 1234567.8)] == ["1.234e-05", "0.5683", "12.35", "123.5", "1,234,568"]
    assert written(223094286.44, "w") == ("22,309 万吨", "223.09 Mt") and written(1064.4, "w") == ("1,064 吨", "1,064 t")
    assert written("met", "word/target_verdict") == ("完成", "met") and written("no_such", "word/target_verdict") == "no_such"
    assert both(("{a:p} · {b:word/total_status}", "{a:p} · {b:word/total_status}"), {"a": 0.5, "b": "final"}) == ("50.0% · 最终", "50.0% · final")


@pytest.mark.parametrize("name", ["<b>&\"'", "某\u202e厂\u200f\u0000\u0007", "😀" * 3, "长" * 40, "e\u0301"])
def test_a_name_of_others_is_text(name: str) -> None:
    shown = str(html(plain(name)))
    assert "<" not in shown and not re.search("[\u0000-\u001f\u200e\u200f\u202a-\u202e]", shown)
    assert "</script" not in script({"n": f"{name}</script>"}) and title(("中", "en")) == "中 | en"


@pytest.mark.parametrize("name", ["a/b", "a#b?c", "..", "长" * 90, "x" * 200, "", "<b>"])
def test_a_path_is_made_of_plain_names(name: str) -> None:
    assert re.fullmatch("x-[0-9a-f]{16}", file_name(name)) and file_name("enterprise_energy-0cfb6794f00f-s2") == "enterprise_energy-0cfb6794f00f-s2"
    for page in PAGES:
        for template in (page.path, *(c.href for b in page.blocks for c in getattr(b, "columns", ())), *(getattr(b, "href", "") for b in page.blocks)):
            assert not re.search(r"\{\w+\}\.html", template), (page.id, template, "write {name:file}")


def test_every_rule_has_a_title_that_stands_alone() -> None:
    for rule in all_rules().values():
        zh, en = rule_title(rule.zh, rule.en)
        assert len(re.sub("[…\\s]", "", zh)) >= 3 and CHINESE.search(zh) and len(re.sub("[…\\s]", "", en)) >= 3, (rule.check_id, zh, en)
        assert "{" not in zh + en, rule.check_id


def _chart(**more: object) -> Chart:
    return Chart(title=("图", "chart"), unit=("吨", "t"), sql="from marts.fct_total_year", **more)  # type: ignore[arg-type]


def test_a_chart_draws_no_zeros_and_knows_no_blank() -> None:
    block = _chart(x="x", series=[{"c": "v", "name": ("值", "value")}, {"c": "z", "name": ("零", "zero")}])
    spec = chart(block, [{"x": "a", "v": 1, "z": 0}, {"x": "b", "v": None, "z": 0}, {"x": "c", "v": 3, "z": 0}], lambda *_: "")
    assert [s["d"] for s in spec["s"]] == [[1, None, 3]], "what is zero throughout is not drawn, what is unknown is not zero"
    assert (spec["n"], spec["u"]) == (["图", "chart"], ["吨", "t"])


def test_months_that_follow_each_other_are_told_by_the_first() -> None:
    block = _chart(x="x", x_way="m", series=[{"c": "v", "name": ("值", "value")}])
    months = [date(2024, 11, 1), date(2024, 12, 1), date(2025, 1, 1)]
    assert chart(block, [{"x": m, "v": 1} for m in months], lambda *_: "")["x"] == {"from": "2024-11", "n": 3}
    assert chart(block, [{"x": m, "v": 1} for m in months[::2]], lambda *_: "")["x"] == ["2024-11", "2025-01"]


def test_more_series_than_can_be_told_apart_become_one() -> None:
    block = _chart(x="x", by="g", value="v")
    spec = chart(block, [{"x": x, "g": f"g{g:02}", "v": 100 - g} for x in ("a", "b") for g in range(15)], lambda *_: "")
    assert len(spec["s"]) == 12 and spec["s"][-1]["n"] == ["其余", "others"] and spec["s"][-1]["d"] == [sum(100 - g for g in range(11, 15))] * 2


def test_a_bridge_keeps_its_signs_and_totals() -> None:
    block = _chart(form="fall", name=("zh", "en"), value="v", whole="w")
    spec = chart(block, [{"zh": "开", "en": "open", "v": 10, "w": True}, {"zh": "减", "en": "less", "v": -3, "w": False}], lambda *_: "")
    assert spec["rows"] == [[["开", "open"], 10, 1, ""], [["减", "less"], -3, 0, ""]]
