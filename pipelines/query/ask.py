"""A query by its name: its rows on the live release. Its parameters are DuckDB variables: one that is not set is NULL, and the SQL says what then counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.near import near
from pipelines.problem import UsageProblem
from pipelines.publish.ready import Query, load_queries
from pipelines.publish.store import DATABASE, require_live
from pipelines.settings import Settings
from pipelines.warehouse.duck import DuckError, connect, quoted

_WRITTEN = (".csv", ".parquet")


class QueryProblem(UsageProblem):
    """A query that is not there, or that cannot be asked so."""


@dataclass(frozen=True)
class Answer:
    """The rows of a query on one release; columns in their order. lacking: sources that the release never received, in both languages, where there are no rows."""

    query: str
    release_id: str
    columns: list[str]
    rows: list[tuple[Any, ...]]
    lacking: tuple[tuple[str, str], ...] = ()


def find(name: str) -> Query:
    """A query by its name. Raises QueryProblem, which names the nearest."""
    found = load_queries().get(name)
    if found is None:
        zh, en = near(name, load_queries())
        raise QueryProblem(f"没有查询 {name}{zh}；运行 carbon query 列出全部", f"there is no query {name}{en}; carbon query lists them")
    return found


def ask(settings: Settings, query: Query, parameters: Mapping[str, str]) -> Answer:
    """The rows of a query on the live release. Raises QueryProblem for a parameter that it does not have or cannot take, PublishError when nothing is published."""
    folder, manifest = require_live(settings)
    with connect(folder / DATABASE, read_only=True) as db:
        columns, rows = _taken(db, query, parameters, lambda found: (found.columns, found.fetchall()))
        return Answer(query.name, manifest["release_id"], columns, rows, () if rows else _never_received(db))


def _never_received(db: Any) -> tuple[tuple[str, str], ...]:
    return tuple(db.execute("select source_zh, source_en from quality.v_source_freshness where state = 'never_received' order by source").fetchall())


def write_answer(settings: Settings, query: Query, parameters: Mapping[str, str], path: Path) -> int:
    """Write the rows to a .csv (UTF-8 with BOM, which Excel asks for) or .parquet file; how many. Raises QueryProblem for another ending."""
    if path.suffix not in _WRITTEN:
        zh, en = near(path.suffix, _WRITTEN)
        raise QueryProblem(f"不能写成 {path.suffix or path.name}{zh}；请以 .csv 或 .parquet 结尾", f"cannot write {path.suffix or path.name}{en}: end it in .csv or .parquet")
    folder, _ = require_live(settings)
    with connect(folder / DATABASE, read_only=True) as db:
        frame = _taken(db, query, parameters, lambda found: found.pl())
    if path.suffix == ".csv":
        frame.write_csv(path, include_bom=True)
    else:
        frame.write_parquet(path)
    return int(frame.height)


def _taken(db: Any, query: Query, parameters: Mapping[str, str], take: Callable[[Any], Any]) -> Any:
    """What `take` takes from the rows: a query runs only when they are asked for, and what is wrong shows then."""
    _set(db, query, parameters)
    try:
        return take(db.sql(query.sql))
    except DuckError as error:
        raise _refused(query, parameters, error) from error


def _set(db: Any, query: Query, parameters: Mapping[str, str]) -> None:
    for name, value in parameters.items():
        if name not in query.parameters:
            zh, en = near(name, query.parameters)
            had = ", ".join(query.parameters) or "-"
            raise QueryProblem(f"查询 {query.name} 没有参数 {name}{zh}；它的参数：{had}", f"query {query.name} has no parameter {name}{en}; its parameters: {had}")
        db.execute(f"set variable {name} = {quoted(value)}")


def _refused(query: Query, parameters: Mapping[str, str], error: DuckError) -> QueryProblem:
    said = str(error).splitlines()[0]
    given = ", ".join(f"{name}={value}" for name, value in parameters.items()) or "-"
    return QueryProblem(
        f"查询 {query.name} 未能运行（参数 {given}）：{said}。年份写 YYYY，月份写 YYYY-MM；较早的版本可能没有它所读的视图",
        f"query {query.name} did not run (parameters {given}): {said}. A year is YYYY, a month YYYY-MM; an earlier release may lack the views that it reads",
    )
