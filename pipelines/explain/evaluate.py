"""A figure held against its parts, by SQL over the published tables alone: one cell, or all of a column at once.

Whole numbers and decimals must come out exactly. Where a part is a floating-point number, a column of decimals may differ by half of its last
place (there the figure was rounded once, on 15 digits), and another one by 1e-9 of itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pipelines.contracts.marts import load_marts
from pipelines.explain.figures import Figure, Figures, Part
from pipelines.explain.released import Released
from pipelines.problem import Problem
from pipelines.warehouse.beside import year_of
from pipelines.warehouse.duck import DuckError, identifier, quoted

RELATIVE = 1e-9
_DIGITS = 1e-14   # what a floating-point number holds of a decimal one
_SCALE = re.compile(r"DECIMAL\(\d+,(\d+)\)")


@dataclass(frozen=True)
class Evaluated:
    """One cell with its parts: value as published, as computed, and what each part gives with its number of rows (None: the row's own column)."""

    value: Any
    computed: Any
    closed: bool
    parts: dict[str, Any]
    rows: dict[str, int]


def statement(live: Released, figure: Figure, figures: Figures, cells: str = "true") -> str:
    """SQL with one row a cell: `_id`, `_value`, `_computed`, `_closed`, and `_part_N`, `_rows_N` of each part. cells: a condition over the row `c`.

    _closed: a year is closed, so that the rows which are published need not be those which the figure was made of (a factor that was delivered anew
    since, say).
    """
    parts = figure.read(live.tables[figure.table].columns)
    named = [(number, part) for number, part in enumerate(parts) if part.relation is not None]
    steps = [f"{identifier(name)} as ({_sql(live, figures, name)})" for name in sorted({str(part.relation) for _, part in named})]
    steps.append(f"c as (select rowid as _id, * from {figure.table} as c where ({figure.when}) and ({cells}))")
    steps += [f"_of_{number} as (select c._id, {part.aggregate} as v, count(*) as n from c join {_filtered(part)} as p on ({part.where}) group by c._id)"
              for number, part in named]
    joined = "".join(f" left join _of_{number} using (_id)" for number, _ in named)
    given = "".join(f", {_given(part, number)} as {identifier(part.name)}, coalesce(_of_{number}.n, 0) as _rows_{number}" for number, part in named)
    steps.append(f"x as (select c.*{given} from c{joined})")
    shown = "".join(f", {identifier(part.name)} as _part_{number}" + (f", _rows_{number}" if part.relation else "") for number, part in enumerate(parts))
    return f"with {', '.join(steps)} select _id, {identifier(figure.column)} as _value, {figure.expression or 'null'} as _computed, {_closed(live, figure, figures)} as _closed{shown} from x as c"


def _closed(live: Released, figure: Figure, figures: Figures) -> str:
    mart = load_marts().get(figure.table)
    year = year_of(mart) if mart else None
    read = [figures.relation(part.relation) for part in figure.parts if part.relation]
    if live.closed_years and any(relation.moves for relation in read):
        return "true"
    outside = any(not relation.table.startswith("marts.") for relation in read)
    return f"{year} in ({', '.join(map(str, live.closed_years))})" if live.closed_years and year and outside else "false"


def _sql(live: Released, figures: Figures, name: str) -> str:
    return figures.relation(name).sql.replace("{common_gwp_set}", quoted(live.common_gwp_set))


def _filtered(part: Part) -> str:
    name = identifier(str(part.relation))
    return f"(select * from {name} where {part.only})" if part.only else name


def _given(part: Part, number: int) -> str:
    """Nothing counted is zero; nothing added is unknown."""
    return f"coalesce(_of_{number}.v, 0)" if part.aggregate.startswith("count(") else f"_of_{number}.v"


def differs(live: Released, figure: Figure) -> str:
    """The condition over a statement's rows under which the parts do not give the cell."""
    scale = _SCALE.fullmatch(live.tables[figure.table].columns[figure.column].type)
    last_place = 0.500001 * 10.0 ** -int(scale[1]) if scale else 1e-12
    relative = figure.tolerance if figure.tolerance is not None else _DIGITS if scale else RELATIVE
    exact = "false" if figure.tolerance is not None else " and ".join(f"typeof({name}) not in ('DOUBLE', 'FLOAT')" for name in ("_value", "_computed"))
    return (f"case when _value is null or _computed is null then _value is distinct from _computed when {exact} then _value <> _computed"
            f" else not abs(cast(_value as double) - cast(_computed as double)) <= {last_place!r} + {relative!r} * abs(cast(_value as double)) end")


def asked(live: Released, figure: Figure, sql: str) -> list[dict[str, Any]]:
    """Rows of a query that a figure is read by. Raises Problem for a release of before its tables had what the query names."""
    try:
        return live.rows(sql)
    except DuckError as error:
        said = str(error).strip().splitlines()[0]
        raise Problem(f"版本 {live.release_id} 没有算 {figure.table}.{figure.column} 所需的列：{said}",
                      f"release {live.release_id} lacks what {figure.table}.{figure.column} is computed from: {said}") from error


def case_of(live: Released, cases: tuple[Figure, ...], row_id: int) -> Figure | None:
    """The first case that holds for a row."""
    for figure in cases:
        if asked(live, figure, f"select 1 from {figure.table} as c where rowid = {row_id} and ({figure.when})"):
            return figure
    return None


def alone(cases: tuple[Figure, ...], number: int) -> str:
    """The condition over `c` under which a case holds and none before it."""
    return " and ".join([f"({cases[number].when})", *(f"({before.when}) is not true" for before in cases[:number])])


def evaluate(live: Released, figure: Figure, figures: Figures, row_id: int) -> tuple[Evaluated, bool]:
    """One cell, and whether its parts give it."""
    sql = statement(live, figure, figures, f"c.rowid = {row_id}")
    found = asked(live, figure, f"select *, ({differs(live, figure)}) as _differs from ({sql})")[0]
    parts = figure.read(live.tables[figure.table].columns)
    values = {part.name: found[f"_part_{number}"] for number, part in enumerate(parts)}
    rows = {part.name: found[f"_rows_{number}"] for number, part in enumerate(parts) if part.relation}
    return Evaluated(found["_value"], found["_computed"], found["_closed"], values, rows), not found["_differs"]


def rows_of(live: Released, figure: Figure, part: Part, figures: Figures, row_id: int, top: int) -> list[dict[str, Any]]:
    """The rows of a part, the greatest first, each with `_each`: what it gives."""
    key = ", ".join(identifier(name) for name in figures.key(figures.relation(str(part.relation)).table)) or "all"
    return asked(live, figure, f"select * from {part_rows(live, figure, part, figures, row_id)} order by abs(try_cast(_each as double)) desc nulls last, {key} limit {top}")


def part_rows(live: Released, figure: Figure, part: Part, figures: Figures, row_id: int) -> str:
    """All rows of a part of one cell, as a relation; `_each` is what each gives."""
    return (f"(with {identifier(str(part.relation))} as ({_sql(live, figures, str(part.relation))}), c as (select rowid as _id, * from {figure.table} where rowid = {row_id})"
            f" select p.*, {part.value or 'null'} as _each from c join {_filtered(part)} as p on ({part.where}))")
