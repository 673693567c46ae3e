"""No figure depends on threads, on the order of rows or on the release of DuckDB. The way from doubles to sums and decimals has one home (macros/exact.sql).

Every query of the project is bound, and what it adds up or casts is looked at: against empty tables of the types that the build has, so that it is judged
by the types that DuckDB sees, whatever macro wrote it. And every table is made twice, the second time from shuffled tables with other threads.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Context, Decimal
from pathlib import Path
from typing import Any

import jinja2
import polars as pl
import pytest

from pipelines.transform.build import PROJECT_DIR, run_dbt
from pipelines.warehouse.duck import attach, connect, identifier, put
from tests.conftest import Release

# what these say of a set of doubles does not depend on the order of its rows (`first` is how DuckDB plans a subquery with one row)
ORDER_FREE = {"min", "max", "count", "first", "bool_or", "bool_and", "median", "quantile_cont", "quantile_disc"}
ORDERED = {"list", "array_agg", "string_agg", "group_concat", "any_value", "last", "arg_max", "arg_min", "max_by", "min_by"}
# rows that never tie: one month of a series; of two suffixes of one text the longer. The list can only grow shorter
NEVER_TIES = {"call_list": {"max_by"}, "int_carbon_market__power_unit_year": {"max_by"}, "int_statistics__suspect": {"max_by"}, "int_ledger__fluorinated_gas": {"max_by"}, "int_meter__batch_day": {"min_by", "max_by"}, "int_rule__pattern": {"max_by"}}
DOUBLES = {"DOUBLE", "FLOAT"}


def faults_of(plan: Any) -> set[str]:
    """What a bound query does with doubles that the project's macros would do otherwise."""
    return {fault for node in _nodes(plan) if (fault := _fault(node))}


def _nodes(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _nodes(inner)


def _fault(node: dict[str, Any]) -> str | None:
    name = (node.get("qname", {}).get("path") or [""])[-1]
    takes_double = any(argument.get("id") in DOUBLES for argument in node.get("arguments", []))
    if node.get("expression_class") in ("BOUND_AGGREGATE", "BOUND_WINDOW"):
        if name in ORDERED:
            return None if node.get("order_bys") or node.get("arg_orders") else f"{name} without an order"
        # a number of the row in its window, its neighbours: what they are rests on the order that the window names
        if takes_double and name not in ORDER_FREE and node.get("type", "").removeprefix("WINDOW_") in ("AGGREGATE", "BOUND_AGGREGATE"):
            return f"{name} of doubles: use exact_sum"
    if name == "round" and takes_double and len(node["arguments"]) > 1:
        return "round(double, n), which differs between releases of DuckDB: use rounded"
    if node.get("type") == "OPERATOR_CAST" and takes_double and node["return_type"]["id"] == "DECIMAL":
        decimals = node["return_type"]["type_info"].get("scale", 0)
        return f"cast of a double to a decimal with {decimals} places: use decimal_of" if decimals else None
    return None


def _bound(db: Any, sql: str) -> Any:
    text = db.execute("select json_serialize_plan(?, skip_null := true, skip_empty := true, skip_default := true)", [sql]).fetchone()[0]
    answer = json.loads(text)
    assert not answer["error"], f"{answer.get('error_message')}\n{sql[:400]}"
    return answer["plans"]


@pytest.fixture(scope="module")
def project(release: Release, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A copy of the release's build database, and every query of the project as dbt compiles it, by the name of its model or test."""
    root = tmp_path_factory.mktemp("compiled")
    database = root / "build.duckdb"   # the compiled queries say the name of the database
    shutil.copy(release.data / "warehouse" / "build.duckdb", database)
    compiled = run_dbt(["compile", "--full-refresh"], database, root / "dbt")
    assert compiled.ok, compiled.error
    queries = {path.stem: path.read_text("utf-8") for path in sorted((root / "dbt" / "compiled").rglob("*.sql"))}
    assert len(queries) > 300
    return database, queries


def test_no_query_adds_doubles_or_asks_more_digits_than_they_hold(project: tuple[Path, dict[str, str]]) -> None:
    database, queries = project
    with connect(database, read_only=True) as db:
        columns = db.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns() where not internal order by 1, 2, column_index"
        ).fetchall()
    relations: dict[tuple[str, str], list[str]] = defaultdict(list)
    for schema, table, column, kind in columns:
        relations[schema, table].append(f"{identifier(column)} {kind}")
    found: dict[str, set[str]] = {}
    with connect() as db:
        db.execute(f"attach ':memory:' as {database.stem}")
        db.execute(f"use {database.stem}")
        for (schema, table), described in relations.items():
            db.execute(f"create schema if not exists {identifier(schema)}")
            db.execute(f"create table {identifier(schema)}.{identifier(table)} ({', '.join(described)})")
        for name, sql in queries.items():
            allowed = {f"{aggregate} without an order" for aggregate in NEVER_TIES.get(name, ())}
            faults = faults_of(_bound(db, sql))
            assert allowed <= faults, f"{name} does not need its exception any more: take it off the list"
            if faults - allowed:
                found[name] = faults - allowed
    assert not found, found


def test_other_threads_and_another_order_make_the_same_tables(project: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """Every table once more, from tables whose rows are shuffled and with another number of threads than the night had (those of the machine)."""
    database, queries = project
    shuffled = tmp_path / database.name
    shutil.copy(database, shuffled)
    different: dict[str, int] = {}
    compared: set[str] = set()
    with connect(shuffled) as db:
        attach(db, database, "built")
        relations = db.execute(
            "select schema_name, table_name, 'table' from duckdb_tables() where database_name = 'build' union all select schema_name, view_name, 'view' from duckdb_views()"
            " where database_name = 'build' and schema_name in ('lake', 'registry')"
        ).fetchall()
        for schema, table, kind in relations:
            place = f"{identifier(schema)}.{identifier(table)}"
            db.execute(f"create table {identifier(schema)}.shuffled as select * from {place} as t order by md5('1' || cast(t as varchar))")
            db.execute(f"drop {kind} {place}")
            db.execute(f"alter table {identifier(schema)}.shuffled rename to {identifier(table)}")
        db.execute(f"set threads = {1 if (os.cpu_count() or 1) > 1 else 4}")
        for schema, table, kind in relations:
            if kind == "table" and schema not in ("lake", "registry", "seeds"):
                db.execute(f"create or replace temp table again as {queries[table]}")
                compared.add(f"{schema}.{table}")
                first = f"built.{identifier(schema)}.{identifier(table)}"
                apart = f"(from again except all from {first}) union all (from {first} except all from again)"
                if rows := db.execute(f"select count(*) from ({apart})").fetchone()[0]:
                    different[f"{schema}.{table}"] = rows
    assert not different, different
    assert len({name for name in compared if name.startswith(("marts.", "quality.", "reference."))}) > 40


@pytest.mark.parametrize(("sql", "fault"), [
    ("select sum(x) from t", "sum of doubles"), ("select avg(x) from t group by k", "avg of doubles"),
    ("select sum(x) over (partition by k) from t", "sum of doubles"), ("select k from t group by k having stddev_samp(x) > 1", "stddev_samp of doubles"),
    ("select round(x, 9) from t", "round"), ("select cast(x as decimal(38, 6)) from t", "6 places"), ("select max_by(k, x) from t", "without an order"),
    ("select string_agg(k::varchar, ',') from t", "without an order"),
])
def test_the_check_finds(sql: str, fault: str) -> None:
    with connect() as db:
        db.execute("create table t (x double, d decimal(18, 3), k integer)")
        faults = faults_of(_bound(db, sql))
        assert len(faults) == 1 and fault in faults.pop()
        assert faults_of(_bound(db, "select sum(d), sum(k), max(x), count(x), median(x), round(x), string_agg(k::varchar, ',' order by k),"
                                    " cast(x as decimal(18, 0)) from t group by x")) == set()


def _macro(name: str, *arguments: Any) -> str:
    """The SQL that a macro of macros/exact.sql writes."""
    text = (PROJECT_DIR / "macros" / "exact.sql").read_text("utf-8").replace("adapter.dispatch('decimal_of')", "default__decimal_of")
    module = jinja2.Environment().from_string(text, globals={"return": lambda value: value}).make_module()
    return str(getattr(module, name)(*arguments))


def _as_written(number: float, places: int) -> Decimal:
    """15 significant digits (whole numbers keep all of theirs), then `places`: half away from zero."""
    exact, wide = Decimal(number), Context(prec=99)
    kept = exact.quantize(Decimal(1).scaleb(min(max(exact.adjusted() - 14, -15), 0)), ROUND_HALF_UP, wide) if number else exact
    return kept.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, wide)


@pytest.mark.parametrize("places", [3, 6, 9])
def test_a_double_as_a_decimal(places: int) -> None:
    draw = random.Random(places)
    numbers = [274182.37664630049, 0.0005, 1.0005, 2.5e-10, 98677.82920803149, 192263.64343913549, 1265073.257717375, 123456789012.345, 0.0, -0.0]
    numbers += [sign * 10.0**power * near for power in range(-12, 22) for sign in (1, -1) for near in (
        1.0, 1 - 1e-16, 1 + 2.3e-16, 1 - 1e-15, 1 + 1e-15, 0.9999999999999995, 9.99999999999999, 1.2345678901234567, 2.5, 4.5)]
    numbers += [sign * draw.random() * 10.0 ** draw.uniform(-6, 15) for sign in (1, -1) for _ in range(20_000)]
    numbers += [round(draw.uniform(-1e7, 1e7), places) + 0.5 * 10.0**-places for _ in range(10_000)]     # ties
    with connect() as db:
        put(db, "t", pl.DataFrame({"x": numbers}))
        made = [row[0] for row in db.execute(f"select {_macro('decimal_of', 'x', places)} from t").fetchall()]
        assert [(x, y) for x, y in zip(numbers, made, strict=True) if y != _as_written(x, places)] == []
        assert db.execute(f"select {_macro('decimal_of', 'cast(null as double)', places)}").fetchone() == (None,)


def test_an_exact_sum_is_the_same_in_any_order() -> None:
    draw = random.Random(1)
    numbers = [draw.choice((0.1, 1e9, 1 / 3, -1e9, 12345.678)) for _ in range(5_000)]
    with connect() as db:
        put(db, "t", pl.DataFrame({"x": numbers, "place": list(range(len(numbers)))}))
        sums = set()
        for order in ("place", "place desc", "x", "md5(place::varchar)"):
            db.execute(f"create or replace table shuffled as select x from t order by {order}")
            sums |= set(db.execute(f"select {_macro('exact_sum', 'x')}, sum(x) from shuffled").fetchall())
    assert len({exact for exact, _ in sums}) == 1
    assert len({loose for _, loose in sums}) > 1
