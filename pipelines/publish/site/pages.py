"""From the catalogue and a release to pages: each query is asked once, its rows are dealt to the pages that they belong to."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from markupsafe import Markup

from pipelines.contracts.rules import RuleText
from pipelines.contracts.source import load_sources
from pipelines.publish.site.catalogue import (
    Block,
    Catalogue,
    Chart,
    Facts,
    Items,
    Made,
    Matrix,
    Page,
    Table,
    Tile,
    Tiles,
)
from pipelines.publish.site.charts import chart
from pipelines.publish.site.tables import cell, rows_html
from pipelines.publish.site.words import (
    Pair,
    both,
    code_words,
    filled,
    halves,
    html,
    rule_title,
    tone,
    without_values,
    written,
)
from pipelines.warehouse.duck import DuckError, put, quoted

Row = dict[str, Any]
_SENTENCE, _CHINESE, _TABLE = re.compile("[ \u4e00-\u9fff]"), re.compile("[\u4e00-\u9fff]"), re.compile(r"(?:marts\.)?\b((?:fct|dim)_[a-z_]+)")
ALL = ""   # the page of queries that are not dealt out


@dataclass(frozen=True)
class Context:
    """What every page is made from: the release, its folder, and the texts of the checks."""

    db: Any
    folder: Path
    release: Mapping[str, Any]
    rules: Mapping[str, RuleText]


@dataclass
class Leaf:
    """One page that will be written: where, its words, where it hangs, and its row of `each`."""

    page: Page
    key: str
    path: str
    title: Pair
    lead: Pair | None
    row: Row = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """The way back to the folder of the site."""
        return "../" * self.path.count("/")


class Site:
    """All pages of one release, ready to be written."""

    def __init__(self, context: Context, catalogue: Catalogue, made: Mapping[str, Callable[[Site, Leaf], Markup]]) -> None:
        self.context, self.catalogue, self.made = context, catalogue, made
        self.db = context.db
        self.tables = _described(self.db)
        self._prepare()
        self.leaves = [leaf for page in catalogue.pages for leaf in self._leaves(page)]
        self.paths = {leaf.path for leaf in self.leaves}
        self.first = {leaf.page.id: leaf for leaf in reversed(self.leaves)}

    def _prepare(self) -> None:
        """What queries of several pages share, as temporary tables."""
        release = self.context.release
        previous = f"date '{release['previous_date']}'" if release["previous_date"] else "cast(null as date)"
        self.db.execute(f"create or replace temp table this as select {quoted(release['release_id'])} as release_id, date '{release['knowledge_date']}' as knowledge_date, {previous} as previous_date, (select r.home_province from reference.release as r) as home_province")
        texts = [
            (r.check_id, *rule_title(r.zh, r.en), r.kind, r.severity, without_values(r.zh), without_values(r.en), r.why_zh, r.why_en, *halves(r.owner), r.since, r.home)
            for r in self.context.rules.values()
        ]
        names = ("check_id", "title_zh", "title_en", "kind", "severity", "sentence_zh", "sentence_en", "why_zh", "why_en", "owner_zh", "owner_en", "since", "home")
        put(self.db, "check_text", pl.DataFrame(texts, schema=dict.fromkeys(names, pl.String), orient="row"))
        words = [(kind, code, found[0], found[1]) for kind, codes in code_words().items() for code, found in codes.items()]
        put(self.db, "word", pl.DataFrame(words, schema=dict.fromkeys(("kind", "code", "zh", "en"), pl.String), orient="row"))
        headers = [(name, column.name, column.zh) for name, source in load_sources().items() for column in source.columns]
        put(self.db, "header", pl.DataFrame(headers, schema=dict.fromkeys(("source", "column_name", "zh"), pl.String), orient="row"))
        for name, sql in self.catalogue.relations.items():
            self.db.execute(f"create or replace temp table {name} as {sql}")

    def rows(self, sql: str, where: str) -> list[Row]:
        """The rows of a query; `where` names the entry of the catalogue to whoever mends it. Raises DuckError."""
        try:
            found = self.db.execute(sql)
        except DuckError as error:
            error.add_note(f"目录条目 catalogue entry: {where}")
            raise
        names = [column[0] for column in found.description]
        return [
            dict(zip(names, [self._told(value) if type(value) is str and "fct_" in value else value for value in values], strict=True)) for values in found.fetchall()
        ]

    def _told(self, value: str) -> str:
        """A sentence of the data names tables by their titles."""
        if not _SENTENCE.search(value):
            return value
        language = 0 if _CHINESE.search(value) else 1
        return _TABLE.sub(lambda m: self.tables.get(f"marts.{m[1]}", (m[0], m[0]))[language], value)

    def _leaves(self, page: Page) -> Iterator[Leaf]:
        if not page.each:
            yield Leaf(page, ALL, page.path, page.title, page.lead)
            return
        for row in self.rows(page.each, page.id):
            yield Leaf(page, str(row["page"]), filled(page.path, row, 0), both(page.title, row), both(page.lead, row) if page.lead else None, row)

    def link(self, prefix: str) -> Callable[[str, Row], str]:
        """From a template of a path to the way there from a page; empty where there is no such page."""

        def to(template: str, row: Row) -> str:
            path = filled(template, row, 0)
            page = path.partition("#")[0].partition("?")[0]
            return prefix + path if page in self.paths else ""

        return to

    def pages(self) -> Iterator[tuple[Leaf, list[Shown]]]:
        """Every page with its blocks."""
        for page in self.catalogue.pages:
            leaves = [leaf for leaf in self.leaves if leaf.page is page]
            if leaves:
                blocks = [self._dealt(block, page, leaves[0].prefix) for block in page.blocks]
                for leaf in leaves:
                    shown = [block for show in blocks if (block := show(leaf)) is not None]
                    for block in [block for block in shown if block.derived][1:]:
                        block.derived = False   # once a page is enough
                    yield leaf, shown

    def _dealt(self, block: Block, page: Page, prefix: str) -> Callable[[Leaf], Shown | None]:
        """A block read once, as a function that gives what a page shows of it."""
        rows = self.rows(block.sql, f"{page.id}: {block.title or block.kind}") if block.sql else []  # type: ignore[attr-defined]
        link, dealt = self.link(prefix), bool(page.each) and bool(rows) and "page" in rows[0]
        places: dict[str, list[int]] = defaultdict(list)
        for place, row in enumerate(rows):
            places[str(row["page"]) if dealt else ALL].append(place)
        written_rows = rows_html(block, rows, link) if isinstance(block, Table) else []

        def show(leaf: Leaf) -> Shown | None:
            mine = places.get(leaf.key if dealt else ALL, [])
            found = [rows[place] for place in mine]
            words = leaf.row or (found[0] if found else {})
            shown = Shown(block, both(block.title, words) if block.title else None, both(block.note, words) if block.note and (found or not block.sql) else None, self._foot(block, prefix))
            self._fill(shown, leaf, found, [written_rows[place] for place in mine] if written_rows else [], link)
            return None if block.hide_empty and not shown.count else shown

        return show

    def _fill(self, shown: Shown, leaf: Leaf, rows: list[Row], lines: list[str], link: Callable[[str, Row], str]) -> None:
        block = shown.block
        shown.count = len(rows)
        if isinstance(block, Table):
            shown.html = Markup("".join(lines[: block.first]))  # noqa: S704 - rows_html escapes
            shown.rest = Markup("".join(lines[block.first :]))  # noqa: S704 - the same
            shown.explain = f"{leaf.prefix}dictionary/{block.explain}.html" if block.explain else ""
            shown.key = filled(block.key, rows[0], 0) if block.one_key and rows else ""
            shown.derived = any(column.figure == "-" for column in block.columns)
        elif isinstance(block, Chart) and rows:
            shown.data = script(chart(block, rows, link))
        elif isinstance(block, Tiles):
            shown.parts = [_tile(tile, rows[0], leaf.prefix, link) for tile in block.tiles] if rows else []
        elif isinstance(block, Items):
            shown.parts = [_item(block, row, link) for row in rows[: block.most]]
        elif isinstance(block, Facts) and rows:
            shown.parts = [(html(column.head), cell(column, rows[0], link)) for column in block.columns]
        elif isinstance(block, Matrix):
            shown.html = _matrix(block, rows, link)
        elif isinstance(block, Made):
            shown.html = self.made[block.by](self, leaf)
            shown.count = len(shown.html)
        elif block.kind == "note":  # type: ignore[attr-defined]
            shown.parts = [html(both(text, row)) for row in (rows or [leaf.row]) for text in block.text]  # type: ignore[attr-defined]
            shown.count = 1

    def _foot(self, block: Block, prefix: str) -> list[tuple[Markup, str]]:
        """The tables that a block reads, by their titles, each with the way to its description."""
        return [(html(self.tables[name]), f"{prefix}dictionary/{name}.html") for name in block.sources if name in self.tables]

    def crumbs(self, leaf: Leaf) -> list[tuple[Markup, str]]:
        """The pages above a page, from the top."""
        above: list[tuple[Markup, str]] = []
        name = leaf.page.parent
        while name:
            parent = self.first[name]
            above.insert(0, (html(parent.page.nav or parent.title), leaf.prefix + parent.path))
            name = parent.page.parent
        return above

    def nav(self, area: str) -> list[tuple[str, str, Markup]]:
        """The pages of an area: id, path, name."""
        return [(page.id, page.path, html(page.nav)) for page in self.catalogue.pages if page.area == area and page.nav]


@dataclass
class Shown:
    """What a page shows of a block."""

    block: Block
    title: Pair | None
    note: Pair | None
    foot: list[tuple[Markup, str]]
    html: Markup = field(default_factory=Markup)
    rest: Markup = field(default_factory=Markup)
    data: Markup = field(default_factory=Markup)
    parts: list[Any] = field(default_factory=list)
    explain: str = ""
    key: str = ""
    derived: bool = False   # whether it says where columns of no table are told of
    count: int = 0


def script(data: Any) -> Markup:
    """Data for a `<script type="application/json">`, which nothing in it can end."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))  # noqa: S704 - what could end the element is written otherwise


def _described(db: Any) -> dict[str, Pair]:
    """Title of every published table, from its comment."""
    rows = db.execute("select schema_name || '.' || table_name, comment from duckdb_tables() where database_name = 'sealed' order by 1").fetchall()
    return {name: _short(comment or name) for name, comment in rows}


def _short(comment: str) -> Pair:
    zh, en = halves(comment)
    return re.split("[：；，]", zh)[0], re.split("[:;,] ", en)[0] or zh


def _tile(tile: Tile, row: Row, prefix: str, link: Callable[[str, Row], str]) -> dict[str, Any]:
    table, _, column = tile.figure.rpartition(".")
    explain = f"{prefix}dictionary/{table}.html#{column};{filled(tile.key, row, 0)}" if tile.figure else ""
    tags = [(tone(tile.tag_kind, row[tile.tag]) if tile.tag and i == len(tile.tags) - 1 else "none", html(both(tag, row))) for i, tag in enumerate(tile.tags)]
    return {
        "name": html(tile.name), "value": html(written(row[tile.c], tile.way)), "unit": html(tile.unit), "note": html(both(tile.note, row)), "tags": tags,
        "href": link(tile.href, row) if tile.href else explain, "explain": explain,
    }


def _item(block: Items, row: Row, link: Callable[[str, Row], str]) -> dict[str, Any]:
    return {
        "tone": tone(block.tag_kind, row[block.tag]), "tag": html(written(row[block.tag], f"word/{block.tag_kind}")), "head": html(both(block.head, row)),
        "href": link(block.href, row) if block.href else "", "right": html(both(block.right, row)),
        "lines": [html(words) for words in (both(line, row) for line in block.lines) if any(part.strip() for part in words)],
    }


def _matrix(block: Matrix, rows: Sequence[Row], link: Callable[[str, Row], str]) -> Markup:
    """A table of states: a row a name, a column a month."""
    months = sorted({row["period"] for row in rows})
    by_row: dict[Any, dict[Any, Row]] = {}
    for row in rows:
        by_row.setdefault(row["row"], {})[row["period"]] = row
    known = {state: (look, sign) for state, (look, sign, _, _) in block.states.items()}
    lines = []
    for cells in by_row.values():
        first = next(iter(cells.values()))
        name = html(written(first["name"], "x"))
        target = link(block.href, first) if block.href else ""
        head = Markup('<a href="{}">{}</a>').format(target, name) if target else name
        line = ["<td>" if month not in cells else "<td class={}>{}".format(*known[cells[month]["state"]]) for month in months]
        lines.append(Markup('<tr><th scope=row>{}{}').format(head, Markup("".join(line))))  # noqa: S704 - classes and signs of the catalogue
    heads = Markup("").join(Markup("<th scope=col>{}").format(f"{month:%y-%m}") for month in months)
    return Markup('<thead><tr><th scope="col">{}</th>{}</tr></thead><tbody>{}</tbody>').format(html(block.head), heads, Markup("").join(lines))

