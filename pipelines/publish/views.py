"""The views of the published file: names beside every code, dimensions, one row a fact where tables repeat it. The tables they come from are
`views.yml` (dimensions and what is written by hand) and the legend (enumerations).

A view over tables or columns that a release does not have is left out, so that a release of any contract opens.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.contracts.legend import list_of
from pipelines.publish.contract import Table, published_tables
from pipelines.publish.identities import ACCOUNT_MEASURES, ACCOUNT_PARTS, AccountMeasure
from pipelines.warehouse.duck import MissingName, identifier, quoted
from pipelines.yaml_text import load_yaml

VIEWS = Path(__file__).parent / "views.yml"
_METHOD_VIEW = AccountMeasure("emission_tco2e", "emission_source = 'purchased_power' and electricity_view = 'method'")   # beside those that the contract asks for


@dataclass(frozen=True)
class View:
    """One view of the published file. columns: comment by column; key: its grain."""

    name: str
    comment: str
    key: tuple[str, ...]
    sql: str
    columns: dict[str, str] = field(default_factory=dict)
    like: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dimension:
    """What codes are looked up in. columns: code column (or table.column) -> stem of the names; more: code column -> column of the dimension -> its name."""

    relation: str
    key: tuple[str, ...]
    name: str
    name_en: str | None
    columns: dict[str, str]
    more: dict[str, dict[str, str]]


@cache
def _read() -> dict[str, Any]:
    read: dict[str, Any] = load_yaml(VIEWS.read_text("utf-8"))
    return read


@cache
def dimensions() -> tuple[Dimension, ...]:
    """The dimensions of `views.yml`."""
    return tuple(
        Dimension(spec["relation"], tuple(spec["key"]), spec["name"], spec.get("name_en"), spec["columns"], spec.get("more", {}))
        for spec in _read()["dimensions"].values()
    )


def written_by_hand(part: str) -> Iterator[View]:
    """The views of `views` or `wide`."""
    for name, spec in _read()[part].items():
        columns = {column: " | ".join(words) for column, words in spec.get("columns", {}).items()}
        sql = spec["sql"].replace("{account_measures}", _account_measures())
        yield View(name, " | ".join(spec["words"]), tuple(spec["key"]), sql, columns, tuple(spec.get("like", ())))


def _account_measures() -> str:
    """Every column of an account for one fact: zero where the fact is of another kind, NULL in a view of bought power that was not computed."""
    sums = {}
    for name, measure in {**ACCOUNT_MEASURES, "purchased_power_method_tco2e": _METHOD_VIEW}.items():
        total = f"sum(l.{measure.amount}) filter ({measure.where})"
        of_power = name.startswith("purchased_power")
        sums[name] = f"case when any_value(l.emission_source) = 'purchased_power' then {total} else 0 end" if of_power else f"coalesce({total}, 0)"
    for name, parts in ACCOUNT_PARTS.items():
        sums[name] = " + ".join(sums[f"{part}_tco2e"] for part in parts)
    return ",\n          ".join(f"cast({sql} as decimal(18, 3)) as {name}" for name, sql in sums.items())


def view_name(table: str) -> str:
    """The view with names of a published table: `marts.fct_total_year` -> `marts.v_total_year`."""
    schema, name = table.split(".", 1)
    return f"{schema}.v_{name.removeprefix('fct_').removeprefix('dim_')}"


def with_names(table: Table, relations: set[str]) -> View | None:
    """The view that puts names beside the codes of a table, by the dimensions among `relations`; None = it has no code to name."""
    columns: list[str] = []
    joins: list[str] = []
    comments: dict[str, str] = {}
    for column, about in table.columns.items():
        columns.append(f"t.{identifier(column)}")
        comments[column] = about.comment or ""
        for name, sql, join, comment in _names_of(table, column, relations, len(joins)):
            if name not in table.columns and name not in comments:
                columns.append(f"{sql} as {name}")
                comments[name] = comment
                joins += [join] if join not in joins else []
    if not joins:
        return None
    zh, _, en = (table.comment or "").partition(" | ")
    sql = f"select {', '.join(columns)}\nfrom {table.name} as t\n" + "\n".join(joins)
    return View(view_name(table.name), f"{zh}（代码旁附名称） | {en}, names beside the codes", (), sql, comments)


def _names_of(table: Table, column: str, relations: set[str], number: int) -> Iterator[tuple[str, str, str, str]]:
    """Further columns for a code: name, SQL, join, comment."""
    alias = f"n{number}"
    short = f"{table.name.split('.', 1)[1]}.{column}"
    for dimension in dimensions():
        stem = dimension.columns.get(short) or dimension.columns.get(column)
        if stem is None or dimension.relation not in relations or not set(dimension.key[:-1]) <= table.columns.keys():
            continue
        on = " and ".join(
            [f"{alias}.{key} = t.{key}" for key in dimension.key[:-1]] + [f"{alias}.{dimension.key[-1]} = t.{identifier(column)}"])
        join = f"left join {dimension.relation} as {alias} on {on}"
        yield f"{stem}_name", f"{alias}.{dimension.name}", join, f"{column} 的名称 | Name of {column}"
        if dimension.name_en:
            yield f"{stem}_name_en", f"{alias}.{dimension.name_en}", join, f"{column} 的英文名，没有则为空 | English name of {column}, null = none in the list"
        for of_dimension, name in dimension.more.get(column, {}).items():
            yield name, f"{alias}.{of_dimension}", join, f"{column} 所属大类：{name} | Of the industry division of {column}: {name}"
        return
    legend = list_of(table.name, column)
    if legend is not None and "reference.legend" in relations:
        stem = column.removesuffix("_code")
        join = f"left join reference.legend as {alias} on {alias}.list = {quoted(legend.name)} and {alias}.code = t.{identifier(column)}"
        yield f"{stem}_zh", f"{alias}.name_zh", join, f"{column} 的中文含义：{legend.zh} | {column} in Chinese: {legend.en}"
        yield f"{stem}_en", f"{alias}.name_en", join, f"{column} 的英文含义：{legend.zh} | {column} in English: {legend.en}"


def write_views(db: Any, catalog: str) -> list[View]:
    """Make every view that the tables of a catalog allow, with its comments; those that were made, in order. The catalog must be the one in use."""
    tables = published_tables(db, catalog)
    made = [view for view in written_by_hand("views") if _made(db, view)]
    relations = {*tables, *(view.name for view in made)}
    made += [view for table in tables.values() if (view := with_names(table, relations)) is not None and _made(db, view)]
    made += [view for view in written_by_hand("wide") if _made(db, view)]
    columns: dict[str, list[str]] = {}
    for name, column in db.execute(
        "select schema_name || '.' || table_name, column_name from duckdb_columns() where database_name = ? order by 1, column_index", [catalog]).fetchall():
        columns.setdefault(name, []).append(column)
    said = [statement for view in made for statement in _comments(view, columns[view.name], tables)]
    db.execute(";".join(["begin", *said, "commit"]))   # in one go: as with the tables, a comment committed by itself waits for the disk
    return made


def _made(db: Any, view: View) -> bool:
    with suppress(*MissingName):
        db.execute(f"create view {view.name} as {view.sql}")
        return True
    return False


def _comments(view: View, columns: list[str], tables: dict[str, Table]) -> Iterator[str]:
    yield f"comment on view {view.name} is {quoted(view.comment)}"
    inherited = {column: about.comment for name in reversed(view.like) if name in tables for column, about in tables[name].columns.items()}
    for column in columns:
        words = view.columns.get(column) or inherited.get(column) or _of_names(column)
        yield f"comment on column {view.name}.{identifier(column)} is {quoted(words)}"


def _of_names(column: str) -> str:
    """The comment of a column with a name, in a view on views with names."""
    code = column.removesuffix("_en").removesuffix("_zh").removesuffix("_name")
    return f"{code} 的名称（{'英文' if column.endswith('_en') else '中文'}） | Name of {code} in {'English' if column.endswith('_en') else 'Chinese'}"
