"""The catalogue of pages: which tables a page shows, how, and in which words. A page is an entry of `catalogue/*.yml`.

An entry is one page, or with `each` one page for every row of a query (a city, an enterprise, a delivery). Its blocks are tiles,
charts, tables, lists of items, facts and notes; each reads one SQL query over the tables of the release. A query of an `each` page
runs once for all pages: its column `page` says on which one a row stands.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pipelines.publish.site.words import NUMBERS, Pair
from pipelines.yaml_text import load_yaml

FOLDER = Path(__file__).with_name("catalogue")
_TABLE = re.compile(r"\b(?:marts|quality|reference)\.[a-z_]+")

Width = Literal[3, 4, 5, 6, 7, 8, 9, 12]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Entry):
    """A column of a table. c: the column, or the Chinese and the English one; way: how it is written; href: where it leads, tag: shown as one."""

    c: str | Pair
    head: Pair
    way: str = "x"
    unit: str = ""
    href: str = ""
    tag: str = ""       # the kind of code whose tone the tag has
    small: str = ""     # a second column below, in small letters
    figure: str = ""    # the column of the explained table, where its name is another; "-": none
    right: bool = False  # a figure that comes as words
    fold: str = ""       # a column that stands for a long text until it is opened
    words: bool = False  # what a figure of the row means, for its explanation

    @property
    def is_number(self) -> bool:
        return self.right or self.way in NUMBERS


def _columns(raw: Any) -> Any:
    """`name: [head, head, way, unit]` or `name: {head: ..., ...}`; `zh|en` names a column of each language."""
    if not isinstance(raw, dict):
        return raw
    found = []
    for name, given in raw.items():
        spec = dict(zip(("zh", "en", "way", "unit"), given, strict=False)) if isinstance(given, list) else dict(given)
        if isinstance(given, list):
            spec["head"] = [spec.pop("zh"), spec.pop("en")]
        found.append({"c": name.split("|") if "|" in name else name, **spec})
    return found


class Block(_Entry):
    """What all blocks have. sql: where its rows come from; tables: what it shows, where the query does not name them itself."""

    title: Pair | None = None
    note: Pair | None = None
    width: Width = 12
    tall: bool = False       # beside two blocks that stand one below the other
    sql: str = ""
    tables: tuple[str, ...] = ()
    empty: Pair = ("本版本没有这类数据", "This release holds no such data")
    hide_empty: bool = False

    @property
    def sources(self) -> tuple[str, ...]:
        """Published tables that the block reads, for its foot."""
        return self.tables or tuple(dict.fromkeys(_TABLE.findall(self.sql)))


class Table(Block):
    """Rows with columns. explain: the published table whose figures the cells are, key: what names a row of it."""

    kind: Literal["table"] = "table"
    columns: Annotated[tuple[Column, ...], BeforeValidator(_columns)]
    explain: str = ""
    key: str = ""
    one_key: bool = False    # all rows of a page are of one row of it
    filter: Pair | None = None
    first: int = 60          # rows that stand in the page at once; the rest is a click away
    total: str = ""          # a column that says whether a row is a total
    anchor: str = ""         # a column whose value names the row in an address


class Series(_Entry):
    """One series of a chart. c: its column; high: the upper column of a band; second: on the right axis."""

    c: str
    name: Pair
    form: Literal["bar", "line", "area", "dash", "band"] = "line"
    high: str = ""
    stack: str = ""
    second: bool = False
    colour: int | None = None


class Mark(_Entry):
    """A line across a chart at a value."""

    at: float
    name: Pair


class Chart(Block):
    """A chart. form xy: series over x (or one series a value of `by`); the others say below which columns they read."""

    kind: Literal["chart"] = "chart"
    title: Pair
    form: Literal["xy", "map", "sankey", "tree", "fall", "heat"] = "xy"
    unit: Pair
    second_unit: Pair = ("", "")
    tonnes: bool = False                # in tens of thousands where they are many
    x: str | Pair = "x"                 # xy, heat: the column along
    x_way: str = "x"
    series: tuple[Series, ...] = ()
    by: str | Pair = ""                 # xy: a series for each value, of `value`; heat: the column down
    by_way: str = "x"
    value: str = "value"                # map, sankey, tree, fall, heat, and xy with `by`
    by_form: Literal["bar", "line"] = "bar"
    code: str = "code"                  # map: code of the area
    name: str | Pair = ""               # map, tree, fall: its name; sankey: see sql (source, target)
    href: str = ""                      # where a click leads
    whole: str = ""                     # fall: a column that says whether a row is a total
    how: str | Pair = ""                # fall: words of a row
    flat: bool = False                  # bars that lie
    fit: bool = False                   # the axis does not begin at zero
    size: Literal["", "low", "tall"] = ""
    marks: tuple[Mark, ...] = ()


class Tile(_Entry):
    """One figure in large letters, with what it is, a note, and tags that say how good it is."""

    name: Pair
    c: str
    way: str = "t"
    unit: Pair = ("", "")
    note: Pair = ("", "")
    tags: tuple[Pair, ...] = ()
    tag_kind: str = ""      # the kind of code and the column whose tone the last tag has
    tag: str = ""
    href: str = ""
    figure: str = ""        # schema.table.column
    key: str = ""


class Tiles(Block):
    """A row of tiles, from the one row of the query."""

    kind: Literal["tiles"] = "tiles"
    tiles: tuple[Tile, ...]


class Items(Block):
    """A list in words, the most urgent first. Columns of the query: tone, and those that the sentences name."""

    kind: Literal["items"] = "items"
    tag_kind: str
    tag: str
    head: Pair
    href: str = ""
    right: Pair = ("", "")
    lines: tuple[Pair, ...]
    most: int = 40


class Facts(Block):
    """Names and values of one row."""

    kind: Literal["facts"] = "facts"
    columns: Annotated[tuple[Column, ...], BeforeValidator(_columns)]


class Note(Block):
    """Words, as paragraphs; with a query, one paragraph a row."""

    kind: Literal["note"] = "note"
    text: tuple[Pair, ...]


class Matrix(Block):
    """States by row and month. Columns of the query: row, name, period, state."""

    kind: Literal["matrix"] = "matrix"
    states: dict[str, tuple[str, str, str, str]]   # state -> class, sign, words
    head: Pair
    href: str = ""


class Made(Block):
    """What a function of `made.py` writes, for pages whose content is no query: the dictionary, downloads."""

    kind: Literal["made"] = "made"
    by: str


AnyBlock = Annotated[Table | Chart | Tiles | Items | Facts | Note | Matrix | Made, Field(discriminator="kind")]


def _blocks(raw: Any) -> Any:
    """`- chart: {...}` is a block of kind chart."""
    return [{"kind": kind, **spec} for entry in raw for kind, spec in entry.items()]


class Page(_Entry):
    """One page, or one for every row of `each` (its columns fill path, title and lead)."""

    id: str
    path: str
    area: Literal["analyst", "steward"]
    title: Pair
    nav: Pair | None = None          # in the list of pages, under this name
    parent: str = ""                 # the page above it
    lead: Pair | None = None
    each: str = ""
    blocks: Annotated[tuple[AnyBlock, ...], BeforeValidator(_blocks)]


class Catalogue(_Entry):
    """All pages, what they share, how derived columns come about, and the published tables that no page shows, with the reason."""

    relations: dict[str, str]
    derived: dict[str, tuple[Pair, Pair]]   # column -> what it is called, how it comes about
    pages: tuple[Page, ...]
    excluded: dict[str, Pair]

    @property
    def tables(self) -> set[str]:
        """Published tables that the pages read."""
        texts = [*self.relations.values(), *(page.each for page in self.pages), *(b.sql for p in self.pages for b in p.blocks)]
        return {name for text in texts for name in _TABLE.findall(text)} | {t for p in self.pages for b in p.blocks for t in b.tables}


@cache
def load_catalogue() -> Catalogue:
    """The catalogue of this version. Raises pydantic.ValidationError for an entry that is not in order."""
    shared = load_yaml((FOLDER / "_shared.yml").read_text("utf-8"))
    pages = [page for name in shared.pop("files") for page in load_yaml((FOLDER / f"{name}.yml").read_text("utf-8"))]
    return Catalogue.model_validate({**shared, "pages": pages})
