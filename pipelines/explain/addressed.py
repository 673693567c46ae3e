"""The cell that somebody asks for: its table, its column, its row. What is not there is said with what is near to it, what is not enough with what is missing."""

from __future__ import annotations

from typing import Any

from pipelines.explain.released import Released
from pipelines.near import near
from pipelines.problem import Problem
from pipelines.publish.contract import Table
from pipelines.publish.help import grain
from pipelines.warehouse.duck import identifier

_LOOKED_AT = 20_000   # values that a mistyped one is compared with
_SHOWN = 5


def table_named(live: Released, name: str) -> Table:
    """A published table; `marts.` may be left out. Raises Problem."""
    wanted = name if "." in name else f"marts.{name}"
    if wanted not in live.tables:
        zh, en = near(wanted, live.tables)
        raise Problem(f"没有已发布的表 {wanted}{zh}", f"there is no published table {wanted}{en}")
    return live.tables[wanted]


def require_columns(table: Table, columns: list[str]) -> None:
    """Raises Problem for the first column that the table does not have."""
    for wanted in columns:
        if wanted not in table.columns:
            zh, en = near(wanted, table.columns)
            raise Problem(f"表 {table.name} 没有列 {wanted}{zh}", f"table {table.name} has no column {wanted}{en}")


def one_row(live: Released, table: Table, values: dict[str, str]) -> dict[str, Any]:
    """The row that a key names, with its rowid as `_id`. values: texts as DuckDB writes them. Raises Problem when it names none or several."""
    where = " and ".join(f"cast({identifier(part)} as varchar) = ?" for part in values) or "true"
    found = live.rows(f"select rowid as _id, * from {table.sql_name('live')} where {where} limit 2", list(values.values()))
    if len(found) == 1:
        return found[0]
    said = ", ".join(f"{part}={value}" for part, value in values.items()) or "-"
    zh, en = _several(live, table, values, where) if found else _none(live, table, values)
    raise Problem(f"键 {said} 在 {table.name} 中对应{'多行' if found else '零行'}，应为一行{zh}",
                  f"the key {said} names {'several rows' if found else 'no row'} of {table.name}, not one{en}")


def _several(live: Released, table: Table, values: dict[str, str], where: str) -> tuple[str, str]:
    """Which columns of the key are missing, and some of their values."""
    missing = [column for column in grain(table.name) if column not in values and column in table.columns]
    if not missing:
        return "", ""
    told = "; ".join(f"{column} = {', '.join(_values(live, table, column, where, list(values.values())))}" for column in missing)
    return f"；还需 {'、'.join(missing)}（{told}）", f"; {' and '.join(missing)} must be given too ({told})"


def _values(live: Released, table: Table, column: str, where: str, parameters: list[str]) -> list[str]:
    found = live.rows(
        f"select distinct cast({identifier(column)} as varchar) as value from {table.sql_name('live')} where {where} order by 1 limit {_SHOWN + 1}", parameters)
    texts = [str(row["value"]) for row in found]
    return texts if len(texts) <= _SHOWN else [*texts[:_SHOWN], "..."]


def _none(live: Released, table: Table, values: dict[str, str]) -> tuple[str, str]:
    """Which value stands in no row, and what is near to it."""
    for column, value in values.items():
        there = [str(row["value"]) for row in live.rows(
            f"select distinct cast({identifier(column)} as varchar) as value from {table.sql_name('live')} where {identifier(column)} is not null order by 1 limit {_LOOKED_AT}")]
        if value not in there:
            zh, en = near(value, there)
            if not zh and there:
                few = ", ".join(there if len(there) <= _SHOWN else [*there[:_SHOWN], "..."])
                zh, en = f"；有 {few}", f"; there are {few}"
            return f"：没有 {column}={value}{zh}", f": nothing has {column}={value}{en}"
    return "：各值都有，但不在同一行", ": each value is there, but not in one row"
