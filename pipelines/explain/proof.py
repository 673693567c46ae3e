"""`carbon explain --check`: every figure of a release is held against its parts, column by column.

A column of numbers must have its figure in `figures.yml` (or stand under `labels`), so that nothing goes unproven for want of a word.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pipelines.explain.addressed import table_named
from pipelines.explain.evaluate import alone, asked, differs, statement
from pipelines.explain.figures import COMPUTED, DECIDED, LACKING, Figure, Figures, figure_columns, load_figures
from pipelines.explain.released import Released, open_live
from pipelines.problem import Problem
from pipelines.publish.contract import Table
from pipelines.settings import Settings
from pipelines.warehouse.duck import identifier

_SHOWN = 10


@dataclass(frozen=True)
class Broken:
    """A cell that its parts do not give."""

    table: str
    column: str
    key: dict[str, Any]
    value: Any
    computed: Any

    def __str__(self) -> str:
        key = ",".join(f"{name}={value}" for name, value in self.key.items())
        return f"{self.table}.{self.column} ({key}): 公布 published {self.value}, 各部分给出 the parts give {self.computed}"


@dataclass
class Proof:
    """What a check found. cells: column -> kind -> cells looked at; broken: those that do not come out, `more` beyond what is shown of a column."""

    release_id: str
    cells: dict[str, Counter[str]] = field(default_factory=dict)
    broken: list[Broken] = field(default_factory=list)
    more: Counter[str] = field(default_factory=Counter)
    unnamed: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.broken and not self.unnamed


def prove(settings: Settings, table: str | None = None, sample: int | None = None) -> Proof:
    """Hold every figure of the live release (or of one table) against its parts. sample: so many cells of each column, the same every time."""
    with open_live(settings) as live:
        return prove_release(live, table, sample)


def prove_release(live: Released, table: str | None = None, sample: int | None = None) -> Proof:
    """`prove` for a release that is open."""
    figures = load_figures()
    wanted = table_named(live, table).name if table else None
    proof = Proof(live.release_id)
    for found in live.tables.values():
        if found.name == wanted or (wanted is None and found.schema == "marts"):
            _prove_table(live, figures, found, sample, proof)
    return proof


def _prove_table(live: Released, figures: Figures, table: Table, sample: int | None, proof: Proof) -> None:
    cells = "true" if sample is None else _sampled(live, figures, table, sample)
    rows = live.rows(f"select count(*) as n from {table.name} as c where {cells}")[0]["n"]
    for column in figure_columns(figures, table):
        cases = figures.of(table.name, column, table.columns)
        if not cases:
            proof.unnamed.append(f"{table.name}.{column}")
            continue
        counted = proof.cells.setdefault(f"{table.name}.{column}", Counter())
        for number, figure in enumerate(cases):
            try:
                _prove_case(live, figures, table, figure, f"({cells}) and {alone(cases, number)}", counted, proof)
            except Problem as problem:
                proof.unnamed.append(str(problem))
                break
        else:
            if rows > counted.total():
                left = rows - counted.total()
                proof.unnamed.append(f"{table.name}.{column} ({left} 行无适用算法 | rows that no case holds for: {left})")


def _sampled(live: Released, figures: Figures, table: Table, sample: int) -> str:
    """So many rows of a table, by what their keys hash to: the same every time, and of all of it."""
    rows = live.rows(f"select rowid as id from {table.name} order by md5(concat_ws('|', {_key(figures, table)})), rowid limit {int(sample)}")
    return f"c.rowid in ({', '.join(str(row['id']) for row in rows)})" if rows else "false"


def _prove_case(live: Released, figures: Figures, table: Table, figure: Figure, cells: str, counted: Counter[str], proof: Proof) -> None:
    if figure.kind not in (COMPUTED, DECIDED):
        counted[figure.kind] += asked(live, figure, f"select count(*) as n from {table.name} as c where {cells}")[0]["n"]
        return
    sql = statement(live, figure, figures, cells)
    # one query for all: how many cells there are, those that do not come out, and those that cannot where a year is closed
    key = ", ".join(f"t.{identifier(name)}" for name in figures.key(table.name)) or "t.rowid"
    found = asked(live, figure,
        f"with e as (select _id, _value, _computed, _closed, ({differs(live, figure)}) as off from ({sql})),"
        " n as (select count(*) as cells, count(case when off and not _closed then 1 end) as bad, count(case when off and _closed then 1 end) as closed from e)"
        f" select n.cells, n.bad, n.closed, e._value, e._computed, {key} from n left join e on e.off and not e._closed"
        f" left join {table.name} as t on t.rowid = e._id order by t.rowid limit {_SHOWN}")
    counted[figure.kind] += found[0]["cells"] - found[0]["closed"]
    counted[LACKING] += found[0]["closed"]
    if not found[0]["bad"]:
        return
    for row in found:
        rest = {name: value for name, value in row.items() if name not in ("cells", "bad", "closed", "_value", "_computed")}
        proof.broken.append(Broken(table.name, figure.column, rest, row["_value"], row["_computed"]))
    if found[0]["bad"] > len(found):
        proof.more[f"{table.name}.{figure.column}"] += found[0]["bad"] - len(found)


def _key(figures: Figures, table: Table) -> str:
    return ", ".join(f"cast({identifier(name)} as varchar)" for name in figures.key(table.name)) or "cast(rowid as varchar)"
