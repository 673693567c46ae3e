"""The hashes of a table: order means nothing, every cell means something, Parquet changes nothing."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pipelines.publish.hashes import NOT_IN_VALUE_HASH, table_hashes
from pipelines.publish.problem import PublishError
from pipelines.warehouse.duck import connect, quoted

COLUMNS = {
    "name": "varchar", "code": "varchar", "rows": "bigint", "share": "double", "tonnes": "decimal(18,3)", "period": "date",
    "moment": "timestamp", "passed": "boolean", "batch_id": "varchar",
}
TEXT = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6)
CELLS = {
    "varchar": TEXT,
    "bigint": st.none() | st.integers(-(2**60), 2**60),
    "double": st.none() | st.floats(allow_nan=False),
    "decimal(18,3)": st.none() | st.decimals(-(10**12), 10**12, places=3),
    "date": st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    "timestamp": st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),
    "boolean": st.none() | st.booleans(),
}
ROW = st.tuples(*(CELLS[kind] for kind in COLUMNS.values()))
ROWS = st.lists(ROW, min_size=1, max_size=6)
LIGHT = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def db():
    with connect() as connection:
        yield connection


def hashes(db: Any, rows: list[tuple], columns: dict[str, str] | None = None):
    columns = columns or COLUMNS
    db.execute(f"create or replace table t ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
    if rows:
        db.executemany(f"insert into t values ({', '.join('?' for _ in columns)})", [list(row) for row in rows])
    return table_hashes(db, "t")


@LIGHT
@given(rows=ROWS, data=st.data())
def test_the_order_of_rows_and_columns_does_not_matter(db, rows, data) -> None:
    before = hashes(db, rows)
    order = data.draw(st.permutations(range(len(COLUMNS))))
    shuffled = [tuple(row[i] for i in order) for row in data.draw(st.permutations(rows))]
    names = list(COLUMNS)
    assert hashes(db, shuffled, {names[i]: COLUMNS[names[i]] for i in order}) == before


@LIGHT
@given(rows=ROWS, data=st.data())
def test_any_changed_cell_changes_the_hash(db, rows, data) -> None:
    row, column = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(0, len(COLUMNS) - 1))
    name = list(COLUMNS)[column]
    value = data.draw(CELLS[COLUMNS[name]])
    assume(value != rows[row][column])
    before = hashes(db, rows)
    after = hashes(db, [*rows[:row], (*rows[row][:column], value, *rows[row][column + 1:]), *rows[row + 1:]])
    assert after.provenance != before.provenance
    assert (after.value != before.value) == (name not in NOT_IN_VALUE_HASH)


@LIGHT
@given(left=TEXT, right=TEXT, cut=st.integers(0, 12))
def test_text_that_moves_between_neighbours_changes_the_hash(db, left, right, cut) -> None:
    whole = (left or "") + (right or "")
    moved = (whole[:cut], whole[cut:])
    assume(moved != (left, right))
    columns = {"a": "varchar", "b": "varchar"}
    assert hashes(db, [(left, right)], columns) != hashes(db, [moved], columns)


@LIGHT
@given(rows=ROWS)
def test_parquet_says_the_same(db, rows, tmp_path_factory) -> None:
    file: Path = tmp_path_factory.getbasetemp() / "round.parquet"
    before = hashes(db, rows)
    db.execute(f"copy t to {quoted(str(file))} (format parquet, compression zstd)")
    assert table_hashes(db, f"read_parquet({quoted(str(file))})") == before


def test_null_is_not_the_empty_text(db) -> None:
    assert hashes(db, [(None,)], {"a": "varchar"}) != hashes(db, [("",)], {"a": "varchar"})


@pytest.mark.parametrize("cells", [("1:a", "b"), ("-;", None), ("", "1:"), ("1:-;", "")])
def test_marks_inside_a_text_are_only_text(db, cells) -> None:
    columns = {"a": "varchar", "b": "varchar"}
    others = [("a", "1:b"), (None, "-;"), ("1:", ""), ("", "1:-;")]
    assert all(hashes(db, [cells], columns) != hashes(db, [other], columns) for other in others)


def test_equal_rows_count_each_time(db) -> None:
    columns = {"a": "varchar"}
    found = {hashes(db, [("x",)] * n, columns).value for n in range(4)}
    assert len(found) == 4


def test_column_names_count(db) -> None:
    assert hashes(db, [("x",)], {"a": "varchar"}) != hashes(db, [("x",)], {"b": "varchar"})


def test_minus_zero_is_zero(db) -> None:
    assert hashes(db, [(-0.0,)], {"a": "double"}) == hashes(db, [(0.0,)], {"a": "double"})


def test_the_time_zone_of_the_reader_does_not_matter(db) -> None:
    db.execute("create or replace table z as select timestamptz '2025-01-01 00:00:00+08' as moment")
    before = table_hashes(db, "z")
    db.execute("set TimeZone = 'UTC'")
    assert table_hashes(db, "z") == before
    db.execute("set TimeZone = 'Asia/Shanghai'")


def test_a_type_that_parquet_does_not_keep_is_refused(db) -> None:
    db.execute("create or replace table h as select sum(range) as total from range(3)")   # HUGEINT
    with pytest.raises(PublishError, match="HUGEINT"):
        table_hashes(db, "h")


def test_only_provenance_sees_where_a_row_comes_from(db) -> None:
    columns = {"tonnes": "decimal(18,3)", "batch_id": "varchar", "row_no": "bigint", "line_id": "varchar"}
    first = hashes(db, [(Decimal("1.500"), "a", 1, "x")], columns)
    second = hashes(db, [(Decimal("1.500"), "b", 2, "y")], columns)
    assert first.value == second.value and first.provenance != second.provenance
    assert first.rows == 1


def test_chunks_do_not_matter(db, monkeypatch) -> None:
    db.execute("create or replace table big as select range as id, 'v' || (range % 97) as v from range(250000)")
    whole = table_hashes(db, "big")
    monkeypatch.setattr("pipelines.publish.hashes._CHUNK", 1009)
    assert table_hashes(db, "big") == whole and whole.rows == 250_000
