"""A cell as a tree that adds up: the formula with its numbers, its parts, what they are made of in turn, down to delivered rows and documents."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pipelines.contracts.marts import load_marts, unit_of
from pipelines.explain.evaluate import Evaluated, case_of, evaluate, part_rows, rows_of
from pipelines.explain.evidence import factors, lake_places
from pipelines.explain.explanation import Branch, Node
from pipelines.explain.figures import (
    ATTESTED,
    COMPUTED,
    DECIDED,
    LACKING,
    LINES,
    REPORTED,
    Delivered,
    Figure,
    Figures,
    Part,
    figure_columns,
    load_figures,
)
from pipelines.explain.lines import delivered
from pipelines.explain.released import Released
from pipelines.problem import Problem
from pipelines.settings import PROJECT
from pipelines.warehouse.duck import identifier

DEPTH, TOP, TOP_BELOW = 4, 5, 3
SOURCES, SOURCES_BELOW = 20, 3   # delivered rows shown of a cell that names none: at the root, further down

# What an expression says for the machine's sake only: a type, a division by zero, nothing for an empty sum.
_PLAIN = (
    (re.compile(r"\bcast\((\w+) as \w+(?:\(\d+, \d+\))?\)"), r"\1"), (re.compile(r"\bcoalesce\((\w+), 0(?:\.0)?\)"), r"\1"),
    (re.compile(r"\bnullif\((\w+), 0(?:\.0)?\)"), r"\1"), (re.compile(r"(\d)\.0\b"), r"\1"),
)
_FIRST_KNOWN = re.compile(r"\bcoalesce\((\w+), (\w+)\)")
_SHORT = re.compile(r"\s*[（：，；(:,;].*", re.DOTALL)
_NAMES = re.compile(r"'[^']*'|\b[a-z_][a-z0-9_]*\b")
_COMMENT = re.compile(r"(?P<zh>[^|]*?)\s*\|\s*(?P<en>.*?)\s*(?:\[[^\[\]]*\])?\s*", re.DOTALL)


def grow(live: Released, table: str, column: str, row_id: int, depth: int = DEPTH, top: int = TOP) -> Node:
    """The tree of a cell that is found by its row id."""
    return _Tree(live, load_figures(), depth).node(table, column, row_id, depth, top)


def lines_behind(live: Released, table: str, column: str, row_id: int) -> tuple[str, str] | None:
    """The lines that a figure adds, as a relation, with what each gives; None when it adds none."""
    figures = load_figures()
    cases = figures.of(table, column, live.tables[table].columns)
    try:
        figure = case_of(live, cases, row_id)
    except Problem:   # a release of before its tables had what the figure reads: its tree says so
        return None
    part = next((part for part in (figure.parts if figure else ()) if part.relation and figures.relation(part.relation).table == LINES), None)
    return (part_rows(live, figure, part, figures, row_id), str(part.value).removeprefix("p.")) if figure and part else None


@dataclass
class _Tree:
    live: Released
    figures: Figures
    depth: int

    def node(self, table: str, column: str, row_id: int, depth: int, top: int) -> Node:
        found = self.live.tables[table]
        row = self.live.rows(f"select * from {table} where rowid = {row_id}")[0]
        key = {name: row[name] for name in self.figures.key(table) if name in row}
        zh, en = _named(found.columns[column].comment, column)
        node = Node(table, column, key, row[column], zh, en, _unit(found.columns[column].comment, row))
        cases = self.figures.of(table, column, found.columns)
        try:
            figure = case_of(self.live, cases, row_id)
            if figure is None:
                self._decide(node, row)
            else:
                self._explain(node, figure, row, row_id, depth, top)
        except Problem as problem:   # a release of before its tables carried what the figure reads
            node.kind, node.note_zh, node.note_en = LACKING, problem.zh, problem.en
            self._deliver(node, row, ())
        return node

    def _decide(self, node: Node, row: dict[str, Any]) -> None:
        """What is no figure: the model that decides it, in words, and its row."""
        mart = load_marts().get(node.table)
        words = self.figures.rules.get((node.table, node.column))
        node.row = row
        if mart is not None:
            node.decided_by = str(mart.file.with_suffix(".sql").relative_to(PROJECT))
            node.note_zh, node.note_en = _named(mart.description, node.table)
        if words is not None:
            node.note_zh, node.note_en = words.zh, words.en
        if node.column in figure_columns(self.figures, self.live.tables[node.table]):
            node.kind = LACKING
            node.note_zh, node.note_en = "figures.yml 没有它的算法", "figures.yml names no figure of it"
        self._deliver(node, row, ())

    def _explain(self, node: Node, figure: Figure, row: dict[str, Any], row_id: int, depth: int, top: int) -> None:
        node.kind = figure.kind
        if figure.words:
            node.note_zh, node.note_en = figure.words.zh, figure.words.en
        if figure.factors:
            node.factors = factors(self.live.factors, row.get(figure.factors))
        found, holds = evaluate(self.live, figure, self.figures, row_id)
        parts = figure.read(self.live.tables[figure.table].columns)
        self._write(node, figure, parts, found)
        if figure.kind in (COMPUTED, DECIDED):
            node.computed, node.holds, node.difference = found.computed, holds, _less(found.value, found.computed)
        if found.closed and not holds:
            node.kind, node.holds = LACKING, None
            node.note_zh, node.note_en = "有年份已封账：公布的行或因子不再是算出该数的那些", "a year is closed: the rows or factors that are published are no longer those that the figure was made of"
        if figure.document:
            node.document = self.live.rows(f"select {figure.document} as document from {figure.table} as c where rowid = {row_id}")[0]["document"]
        if figure.kind in (ATTESTED, REPORTED, LACKING):
            self._deliver(node, row, figure.delivered, SOURCES if depth == self.depth else SOURCES_BELOW)
        if depth <= 0:
            node.more = bool(parts)
            return
        node.branches = [self._branch(figure, part, found, row_id, depth, top) for part in parts if self._matters(figure, part, found)]

    def _matters(self, figure: Figure, part: Part, found: Evaluated) -> bool:
        """A part with rows, that the formula takes: the second of two sources only where the first has nothing."""
        if figure.expression and part.name not in _NAMES.findall(_plain(figure.expression, found.parts)):
            return False
        return part.relation is None or found.rows[part.name] > 0 or found.parts[part.name] is not None

    def _write(self, node: Node, figure: Figure, parts: tuple[Part, ...], found: Evaluated) -> None:
        if figure.expression is None or figure.kind == DECIDED:
            return
        words = {part.name: self._words(figure, part) for part in parts}
        expression = _plain(figure.expression, found.parts)
        node.formula_zh = _replaced(expression, {name: _SHORT.sub("", zh) for name, (zh, _) in words.items()})
        node.formula_en = _replaced(expression, {name: _SHORT.sub("", en) for name, (_, en) in words.items()})
        node.arithmetic = _replaced(expression, {part.name: _shown(found.parts[part.name]) for part in parts})

    def _words(self, figure: Figure, part: Part) -> tuple[str, str]:
        """What a part is called: as the figure names it, else as the column it is or walks on to is commented."""
        if part.words:
            return part.words.zh, part.words.en
        table = self.figures.relation(part.relation).table if part.relation else figure.table
        column = self.live.tables[table].columns.get((part.cell or "") if part.relation else part.name)
        zh, en = _named(column.comment if column else None, part.name)
        if part.relation is None:
            return zh, en
        counted = part.aggregate.startswith("count(")
        return (f"{table} 的行数", f"rows of {table}") if counted else (f"Σ {table} {zh}", f"sum of {table} {en}") if part.aggregate.startswith("sum(") else (f"{table} {zh}", f"{table} {en}")

    def _branch(self, figure: Figure, part: Part, found: Evaluated, row_id: int, depth: int, top: int) -> Branch:
        zh, en = self._words(figure, part)
        branch = Branch(part.name, zh, en, found.parts[part.name])
        if part.relation is None:
            if self._is_figure(figure.table, part.name):
                branch.nodes = [self.node(figure.table, part.name, row_id, depth - 1, min(top, TOP_BELOW))]
            return branch
        branch.rows = found.rows[part.name]
        table = self.figures.relation(part.relation).table
        for row in rows_of(self.live, figure, part, self.figures, row_id, top):
            node = self._row_node(table, part, row, depth, top)
            if node is not None:
                node.gives = row["_each"] if part.aggregate.startswith("sum(") else None
                branch.nodes.append(node)
        branch.rest_rows = branch.rows - len(branch.nodes)
        if branch.rest_rows and part.aggregate.startswith("sum(") and branch.nodes:
            given = [node.gives for node in branch.nodes if node.gives is not None]
            branch.rest = _less(branch.value, sum(given, type(given[0])(0))) if given else None
        return branch

    def _row_node(self, table: str, part: Part, row: dict[str, Any], depth: int, top: int) -> Node | None:
        """The cell of a row that a part walks on to; a row without one as it stands."""
        key = self.figures.key(table)
        if not key or part.cell is None or part.cell not in self.live.tables[table].columns:
            return None
        where = " and ".join(f"{identifier(name)} is not distinct from ?" for name in key)
        found = self.live.rows(f"select rowid as id from {table} where {where} limit 1", [row[name] for name in key])
        return self.node(table, part.cell, found[0]["id"], depth - 1, min(top, TOP_BELOW)) if found else None

    def _is_figure(self, table: str, column: str) -> bool:
        return column in figure_columns(self.figures, self.live.tables[table])

    def _deliver(self, node: Node, row: dict[str, Any], places: tuple[Delivered, ...], most: int = SOURCES) -> None:
        """The delivered rows behind a cell: the one that its row names, else those that match in the lake."""
        if row.get("batch_id") and row.get("row_no") is not None:
            batch = self.live.batch(row["batch_id"])
            source = row.get("source") or (batch.details.get("source") if batch else None)
            node.sources = [delivered(self.live, source, row["batch_id"], row["row_no"])]
            return
        for place in places:
            wanted = self._matched(node, place)
            for batch_id, row_no in lake_places(self.live.settings, place.source, wanted, self.live.known_by, most - len(node.sources)):
                node.sources.append(delivered(self.live, place.source, batch_id, row_no))

    def _matched(self, node: Node, place: Delivered) -> dict[str, Any]:
        """What the rows of the lake must have, said by the cell's row."""
        values = ", ".join(f"({sql}) as {identifier(name)}" for name, sql in place.match.items())
        where = " and ".join(f"{identifier(name)} is not distinct from ?" for name in node.key)
        return self.live.rows(f"select {values} from {node.table} as c where {where} limit 1", list(node.key.values()))[0]


def _unit(comment: str | None, row: dict[str, Any]) -> str | None:
    """The unit of a column; where it is told by another column, what that says."""
    unit = unit_of(comment) or ""
    told = row.get(unit.removeprefix("see ")) if unit.startswith("see ") else unit
    return str(told) if told and told not in ("1", "count") else None


def _named(comment: str | None, name: str) -> tuple[str, str]:
    match = _COMMENT.fullmatch(comment or "")
    return (match["zh"], match["en"]) if match else (name, name)


def _plain(expression: str, values: dict[str, Any]) -> str:
    """An expression as a person writes it; of two sources the one that is taken."""
    for pattern, short in _PLAIN:
        expression = pattern.sub(short, expression)
    return _FIRST_KNOWN.sub(lambda match: match[1] if values.get(match[1]) is not None else match[2], expression)


def _replaced(expression: str, values: dict[str, str]) -> str:
    """An expression with names replaced; texts in it stay."""
    return _NAMES.sub(lambda match: values.get(match[0], match[0]), expression)


def _shown(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return str(value)
    text = f"{value:,}" if isinstance(value, int | Decimal) else f"{value:,.10g}"
    return f"({text})" if text.startswith("-") else text


def _less(value: Any, other: Any) -> Any:
    if not all(isinstance(number, int | float | Decimal) for number in (value, other)):
        return None
    return value - other if type(value) is type(other) or isinstance(value, int) or isinstance(other, int) else float(value) - float(other)


def leaves(node: Node) -> Iterable[Node]:
    """The nodes of a tree that rest on nothing further in it."""
    below = [child for branch in node.branches for child in branch.nodes]
    if not below:
        yield node
    for child in below:
        yield from leaves(child)
