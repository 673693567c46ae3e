"""What the published file says of itself: `reference.legend` (every enumeration with its words) and `marts.help` (every table, view and macro: what
for, grain, an example query)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.contracts.legend import load_legend
from pipelines.contracts.marts import load_marts
from pipelines.contracts.published import load_published
from pipelines.publish.cells import CELL_TABLE
from pipelines.publish.contract import RELEASE_TABLE, published_tables
from pipelines.publish.identities import DIRECT_SOURCES, LINE_CODE_COLUMNS, LINE_CODES
from pipelines.publish.views import View, view_name
from pipelines.warehouse.duck import MissingName, identifier, quoted

LEGEND_TABLE = "reference.legend"
_HOME = f"(select h.home_province from {RELEASE_TABLE} as h)"   # the province whose file this is
HELP_VIEW = "marts.help"
MACRO_FILES = tuple(Path(__file__).parent / name for name in ("questions.sql", "macros.sql"))
_MACRO = re.compile(
    r"^(?P<sql>create macro (?P<name>[\w.]+)\((?P<parameters>.*?)\) as table\b.*?;\ncomment on macro .*? is '(?P<comment>.*?)';)\n-- e\.g\. (?P<example>.*?)$", re.DOTALL | re.MULTILINE)
_HELP_COLUMNS = {
    "name": "名称 | Name", "kind": "种类：table 表、view 视图、macro 带参数的查询 | Kind: table, view, or macro (a query with parameters)",
    "what_zh": "用途 | What it is for, in Chinese", "what_en": "用途（英文） | What it is for, in English",
    "grain": "粒度：一行由哪些列确定；宏为参数 | Grain: the columns that make a row; of a macro its parameters",
    "names_in": "代码旁附名称的视图，没有则为空 | The view with names beside the codes, null = none", "example": "可直接运行的例子 | An example that runs as it stands",
}
_LEGEND_COLUMNS = {
    "list": "代码表 | List", "code": "代码 | Code", "name_zh": "中文含义 | In Chinese", "name_en": "英文含义，没有则为空 | In English, null = the home of the list has none",
    "unit": "数量的规范单位，没有则为空 | Canonical unit of the quantity, null = none", "place": "在表中的次序 | Place in the list", "list_zh": "代码表的含义 | What the list is, in Chinese",
    "list_en": "代码表的含义（英文） | What the list is, in English", "used_in": "用到它的列，分号分隔 | Columns that use it, separated by semicolons", "home": "出处 | The file that is its home",
}


@dataclass(frozen=True)
class Macro:
    """A table macro of the published file: its statements, and what `marts.help` says of it."""

    name: str
    parameters: str
    comment: str
    sql: str
    example: str


@cache
def macros() -> tuple[Macro, ...]:
    """Every macro of `questions.sql` and `macros.sql`, in their order."""
    codes = "".join(f" when {quoted(level)} then {_of_line(code)}" for level, code in LINE_CODES.items())
    sources = ", ".join(quoted(source) for source in DIRECT_SOURCES)
    text = "\n".join(path.read_text("utf-8") for path in MACRO_FILES)
    text = text.replace("{level_code}", f"case level{codes} else error('没有层级 | no such level: ' || level) end").replace("{direct_sources}", f"({sources})").replace("{home}", _HOME)
    return tuple(Macro(m["name"], m["parameters"], m["comment"].replace("''", "'"), m["sql"], m["example"]) for m in _MACRO.finditer(text))


def _of_line(code: str) -> str:
    """The SQL of a line's code with the alias of the line before each column."""
    columns = ("division_code", "industry_code", *LINE_CODE_COLUMNS)
    return re.sub(rf"\b({'|'.join(columns)})\b", r"l.\1", code)


def write_macros(db: Any) -> list[Macro]:
    """Make the macros in the catalog in use; those that were made. One over tables or columns that are not there is left out."""
    made = []
    for macro in macros():
        try:
            db.execute(macro.sql)
        except MissingName:
            continue
        made.append(macro)
    return made


def write_legend(db: Any, catalog: str) -> int:
    """The legend as a table, its rows in the order of the lists; how many."""
    rows = [
        (legend.name, code, said.zh, said.en, said.unit, place, legend.zh, legend.en, "; ".join(legend.columns), legend.home)
        for legend in load_legend().values() for place, (code, said) in enumerate(legend.codes.items(), start=1)
    ]
    table = f"{identifier(catalog)}.{LEGEND_TABLE}"
    columns = ", ".join(f"{identifier(name)} {'bigint' if name == 'place' else 'varchar'}" for name in _LEGEND_COLUMNS)
    db.execute(f"create table {table} ({columns})")
    db.execute(f"insert into {table} select {', '.join(f'unnest(?) as {identifier(name)}' for name in _LEGEND_COLUMNS)}", [list(column) for column in zip(*rows, strict=True)])
    db.execute(f"comment on table {table} is '各列代码的含义 | What the codes of the tables mean'")
    for column, words in _LEGEND_COLUMNS.items():
        db.execute(f"comment on column {table}.{identifier(column)} is {quoted(words)}")
    return len(rows)


def write_help(db: Any, catalog: str, views: Iterable[View], made: Iterable[Macro]) -> None:
    """`marts.help`, a view that carries its rows: what is asked first comes first."""
    tables, views = published_tables(db, catalog), list(views)
    named = {view.name for view in views}
    entries = [_entry(macro.name, "macro", macro.comment, macro.parameters, None, macro.example) for macro in made]
    for name, table in tables.items():
        view = view_name(name) if view_name(name) in named else None
        entries.append(_entry(name, "table", table.comment or "", ", ".join(grain(name)), view, _example(view or name, grain(name))))
    entries += [_entry(view.name, "view", view.comment, ", ".join(view.key), None, _example(view.name, view.key)) for view in views if view.key]
    entries.append(_entry(HELP_VIEW, "view", "本文件的目录：表、视图、宏 | What this file holds: tables, views, macros", "name", None, f"from {HELP_VIEW}"))
    values = ",\n".join(f"({', '.join('null' if cell is None else quoted(cell) for cell in entry)})" for entry in entries)
    db.execute(f"create view {HELP_VIEW} as select * from (values {values}) as h({', '.join(_HELP_COLUMNS)})")
    db.execute(f"comment on view {HELP_VIEW} is '本文件的目录：每个表、视图、宏的用途、粒度与例子 | What this file holds: use, grain and an example of every table, view and macro'")
    for column, words in _HELP_COLUMNS.items():
        db.execute(f"comment on column {HELP_VIEW}.{column} is {quoted(words)}")


def _entry(name: str, kind: str, comment: str, grain: str, view: str | None, example: str) -> tuple[str | None, ...]:
    zh, _, en = comment.partition(" | ")
    return name, kind, zh, en, grain, view, example


_OWN_GRAIN = {LEGEND_TABLE: ("list", "code"), RELEASE_TABLE: ("release_id",), CELL_TABLE: ("table_name", "key", "column_name")}


def grain(name: str) -> tuple[str, ...]:
    """The columns that make a row of a published table; empty = untested."""
    if name in _OWN_GRAIN:
        return _OWN_GRAIN[name]
    wanted, mart = load_published().tables.get(name), load_marts().get(name)
    return wanted.key if wanted else mart.key if mart else ()


def _example(relation: str, columns: Iterable[str]) -> str:
    key = ", ".join(identifier(column) if column == "list" else column for column in columns)
    return f"from {relation}" + (f" order by {key}" if key else "") + " limit 20"
