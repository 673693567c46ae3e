"""How every figure of a release comes about, read from `figures.yml`: what a figure is made of, and how its parts combine.

A figure is one case of one column of one published table. Its parts are columns of the same row and rows of published tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.contracts.codes import SEEDS, read_rows
from pipelines.contracts.published import load_published
from pipelines.problem import Problem
from pipelines.publish.contract import Table
from pipelines.publish.identities import ACCOUNT_MEASURES, DIRECT_SOURCES, LINE_CODES, TOTAL_MEASURES
from pipelines.warehouse.duck import quoted
from pipelines.yaml_text import load_yaml

FIGURES_FILE = Path(__file__).parent / "figures.yml"
LINES = "marts.fct_enterprise_emission_line"

# A figure is computed from its parts; attested by a document; reported by a delivered row; lacking = a part that is not published.
# What is no figure is decided, by a rule or model.
COMPUTED, ATTESTED, REPORTED, LACKING, DECIDED = "computed", "attested", "reported", "lacking", "decided"

_NUMBER = re.compile(r"DECIMAL\(\d+,\d+\)|DOUBLE|FLOAT|U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?")
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_TEXT = re.compile(r"'[^']*'")
_RATIO = re.compile(r"\bratio\((\w+), (\w+)\)")
_DIRECT = f"p.emission_source in ({', '.join(quoted(source) for source in DIRECT_SOURCES)})"
# the lines of the row's own measure
_MEASURED = (f"case c.measure when 'direct_tco2e' then {_DIRECT} when 'purchased_power_location_tco2e' then p.electricity_view = 'location'"
             " when 'purchased_heat_tco2e' then p.emission_source = 'purchased_heat' end")
_MEASURES = {"account": ACCOUNT_MEASURES, "total": TOTAL_MEASURES}
_AGGREGATES = {"add": "sum({})", "take": "max({})", "distinct": "count(distinct {})", "count": "count({})", "compute": "{}"}
_WAYS = ("attested", "reported", "lacks", "is", "from")
_KNOWN = {*_WAYS, *_AGGREGATES, "of", "when", "words", "measure", "factors", "delivered", "tolerance", "where", "cell"}


@dataclass(frozen=True)
class Words:
    """A text in Chinese and English."""

    zh: str
    en: str


@dataclass(frozen=True)
class Part:
    """One part of a figure. relation None: the column `name` of the same row, else rows `p` of a relation that `where` joins to the cell's row `c`.

    only: a condition over the relation alone; value: what each row gives; aggregate: how the rows become one number; cell: the column of
    the rows' table to walk on to.
    """

    name: str
    relation: str | None = None
    where: str = "true"
    only: str | None = None
    value: str | None = None
    aggregate: str = ""
    cell: str | None = None
    words: Words | None = None


@dataclass(frozen=True)
class Delivered:
    """Delivered rows behind a figure whose row names none: the lake's column -> SQL over the cell's row."""

    source: str
    match: dict[str, str]


@dataclass(frozen=True)
class Figure:
    """One case of a column. expression: SQL over its parts and the cell's row. document, factors: columns that name a document, factor ids.

    tolerance: how far the parts may be off, relative; None = as the column's type has it (see `evaluate`).
    """

    table: str
    column: str
    kind: str
    when: str = "true"
    expression: str | None = None
    parts: tuple[Part, ...] = ()
    words: Words | None = None
    document: str | None = None
    factors: str | None = None
    delivered: tuple[Delivered, ...] = ()
    tolerance: float | None = None

    def read(self, columns: Iterable[str]) -> tuple[Part, ...]:
        """All parts: those that are named, and the columns of the row that the expression reads."""
        named = {part.name for part in self.parts}
        names = dict.fromkeys(_NAME.findall(_TEXT.sub("", self.expression or "")))
        return tuple(Part(name) for name in names if name in set(columns) - named and name != self.column) + self.parts


@dataclass(frozen=True)
class Relation:
    """Rows that parts are made of: a published table, or a selection of one that keeps its columns.

    moves: what is made of them is not closed with a year, while they are; so are all tables outside schema marts.
    """

    name: str
    table: str
    sql: str
    moves: bool = False


@dataclass(frozen=True)
class Figures:
    """The whole file. labels: numbers that are no figures (row numbers, years)."""

    keys: dict[str, tuple[str, ...]]
    relations: dict[str, Relation]
    labels: frozenset[str]
    cases: dict[tuple[str, str], tuple[Figure, ...]]
    rules: dict[tuple[str, str], Words]   # what decides a column that is no figure

    def of(self, table: str, column: str, columns: Iterable[str]) -> tuple[Figure, ...]:
        """The cases of a column; a share with its two columns beside it is their ratio without being named. Empty: no figure is named."""
        named = self.cases.get((table, column))
        if named:
            return named
        num, den = f"{column}_num", f"{column}_den"
        return (Figure(table, column, COMPUTED, expression=_written(f"ratio({num}, {den})")),) if {num, den} <= set(columns) else ()

    def relation(self, name: str) -> Relation:
        """A relation by its name; the name of a table is that table."""
        return self.relations.get(name) or Relation(name, name, f"select * from {name}")

    def key(self, table: str) -> tuple[str, ...]:
        """What names a row of a table; empty when nothing does."""
        return self.keys.get(table, ())


@cache
def load_figures() -> Figures:
    """The figures of this version. Raises Problem for what cannot be read."""
    raw = load_yaml(FIGURES_FILE.read_text("utf-8"))
    keys = {name: table.key for name, table in load_published().tables.items()} | {name: tuple(key) for name, key in raw["keys"].items()}
    relations = {name: Relation(name, spec["table"], _filled(spec["sql"]), spec.get("moves", False)) for name, spec in raw["relations"].items()}
    cases: dict[tuple[str, str], tuple[Figure, ...]] = {}
    rules: dict[tuple[str, str], Words] = {}
    for block in raw["figures"]:
        for table in block["tables"]:
            for column, spec in _columns(block.get("columns", {})):
                cases[(table, column)] = tuple(_figure(table, column, case) for case in (spec if isinstance(spec, list) else [spec]))
            for column, words in _columns(block.get("decided", {})):
                rules[(table, column)] = Words(*words)
    return Figures(keys, relations, frozenset(raw["labels"]), cases, rules)


def figure_columns(figures: Figures, table: Table) -> list[str]:
    """The columns of a table that hold figures: its numbers, but for its key and labels."""
    key = figures.key(table.name)
    return [name for name, column in table.columns.items()
            if _NUMBER.fullmatch(column.type) and name not in key and ((table.name, name) in figures.cases or name not in figures.labels)]


def _columns(named: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """`a b: figure` names the figure of both columns."""
    for names, spec in named.items():
        for name in names.split():
            yield name, spec


def _filled(sql: str) -> str:
    """Rows by the code of every level are generated: the codes live with the identities."""
    for blank, table in {"{levels}": LINES, "{held}": "marts.fct_enterprise_held_back_line", "{coverage}": "quality.coverage_month"}.items():
        sql = sql.replace(blank, " union all ".join(f"select *, {quoted(level)} as level, {code} as code from {table}" for level, code in LINE_CODES.items()))
    return sql


def _written(expression: str) -> str:
    return _RATIO.sub(r"cast(\1 as double) / nullif(cast(\2 as double), 0.0)", expression)


@cache
def _feedstock() -> str:
    return "(" + ", ".join(quoted(item["param_code"]) for item in read_rows(SEEDS / "reconciliation_item.csv")) + ")"


@cache
def _names() -> dict[str, str]:
    """The names under which statistics and forms deliver what a code stands for: SQL that gives a list."""
    activities = _listed("inventory_activity_name.csv", "activity", "indicator")
    return {"{activity_names of fuel}": _chosen("fuel", activities), "{activity_names of activity}": _chosen("activity", activities),
            "{ets_items}": _chosen("sector", _listed("ets_product.csv", "sector", "item"))}


def _listed(seed: str, code: str, name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in read_rows(SEEDS / seed):
        found.setdefault(row[code], []).append(row[name])
    return found


def _chosen(column: str, names: dict[str, list[str]]) -> str:
    cases = "".join(f" when {quoted(code)} then [{', '.join(map(quoted, found))}]" for code, found in names.items())
    return f"case {column}{cases} else cast([] as varchar[]) end"


def _figure(table: str, column: str, written: dict[str, Any]) -> Figure:
    spec: dict[str, Any] = _at(written, {"{column}": column, "{grain}": table.rsplit("_", 1)[1], "{direct}": _DIRECT, "{feedstock}": _feedstock(), "{measured}": _MEASURED, **_names()})
    way = next((way for way in _WAYS if way in spec), None)
    if spec.keys() - _KNOWN or way is None:
        raise Problem(f"figures.yml：{table}.{column} 的写法不明：{', '.join(sorted(spec))}",
                      f"figures.yml: {table}.{column} cannot be read: {', '.join(sorted(spec))}")
    kind = {"attested": ATTESTED, "reported": REPORTED, "lacks": LACKING}.get(way, DECIDED if spec.get("is") == "null" else COMPUTED)
    parts = tuple(_rows(name, part) if part else Part(name) for name, part in spec.get("of", {}).items())
    expression = _written(spec["is"]) if "is" in spec else None
    if "from" in spec:
        how = _MEASURES[spec["measure"]][column] if "measure" in spec else None
        rows = {**spec, "add": how.amount} if how else spec
        parts = (_rows("rows", {key: value for key, value in rows.items() if key != "words"}, how.where if how else None), *parts)
        expression = expression or ("coalesce(rows, 0)" if how else "rows")
    words = spec.get("words") or next((spec[way] for way in ("lacks", "reported") if isinstance(spec.get(way), list)), None)
    delivered = tuple(Delivered(item["source"], item["match"]) for item in spec.get("delivered", []))
    return Figure(table, column, kind, spec.get("when", "true"), expression, parts, Words(*words) if words else None,
                  spec.get("attested"), spec.get("factors"), delivered, spec.get("tolerance"))


def _at(value: Any, blanks: dict[str, str]) -> Any:
    """A value with its blanks filled, whatever it is made of."""
    if isinstance(value, dict):
        return {key: _at(item, blanks) for key, item in value.items()}
    if isinstance(value, list):
        return [_at(item, blanks) for item in value]
    for blank, text in blanks.items():
        value = value.replace(blank, text) if isinstance(value, str) else value
    return value


def _rows(name: str, spec: dict[str, Any], only: str | None = None) -> Part:
    way = next(way for way in _AGGREGATES if way in spec)
    value = "*" if spec[way] is True else str(spec[way])
    plain = value.removeprefix("p.")
    cell: str | None = spec.get("cell")
    each: str | None = f"p.{cell}" if cell else None
    if way in ("add", "take"):
        cell = cell or (plain if _NAME.fullmatch(plain) else None)
        each = f"p.{plain}" if _NAME.fullmatch(plain) else value
        value = each
    words = Words(*spec["words"]) if "words" in spec else None
    return Part(name, spec["from"], spec.get("where", "true"), only, each, _AGGREGATES[way].format(value), cell, words)
