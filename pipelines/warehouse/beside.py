"""What the build database is given beside the lake: the tables of closed years, and the release that it is compared with.

    closed.<table>                rows of closed years, as the release that closed them knew them
    registry.closed_year          which years are closed, by which release and whom
    registry.closed_table         the tables that closed years stand in, and the SQL that gives the year of a row
    before.<table>                the release that was live before this one
    registry.release_pair         the two releases, one row
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts.marts import Mart, load_marts
from pipelines.contracts.published import load_published
from pipelines.warehouse.duck import identifier, quoted
from pipelines.warehouse.records import YearClosing

# Intermediate tables that open years read of closed ones; the year of a row.
SEAMS = {
    "int_ledger__line": "slice_year", "int_account__period": "slice_year", "int_total__cell": "slice_year",
    "int_inventory__leaf_emission": "year", "int_total__registered": "year(period)",
}
# Tables of the release before that the bridge and its consequences read.
BEFORE = (
    "marts.fct_enterprise_emission_line", "marts.fct_enterprise_held_back_line", "marts.fct_total_month", "marts.fct_total_year",
    "marts.fct_enterprise_account_month", "marts.fct_enterprise_account_year", "marts.fct_inventory_year", "marts.fct_target_verdict",
    "marts.fct_account_quality_year", "marts.fct_power_unit_year", "marts.fct_restatement", "quality.batch", "quality.failed_row",
    "reference.emission_factor",
)


@dataclass(frozen=True)
class Frozen:
    """The tables of one closing release: a Parquet file each in `folder`, rows of the years that it closed."""

    release_id: str
    folder: Path


@dataclass(frozen=True)
class Beside:
    """What a build stands beside.

    release_id: of the release that is being built; before_id, before: the release that it is compared with and the folder of its Parquet files, None
    where there is none; before_code, code: their code versions; frozen: of the releases that closed a year.
    """

    release_id: str = ""
    code: str = ""
    before_id: str | None = None
    before_code: str | None = None
    before: Path | None = None
    closings: tuple[YearClosing, ...] = ()
    frozen: tuple[Frozen, ...] = ()


def lacking(folder: Path) -> list[str]:
    """Columns of the emission lines that a release of before them does not have: without them the place where its lines counted is not known."""
    name = "marts.fct_enterprise_emission_line"
    there = pl.read_parquet_schema(folder / f"{name}.parquet")
    return [column.name for column in load_published().tables[name].columns if column.name not in there]


def year_of(mart: Mart) -> str | None:
    """The SQL that gives the year of a row of a published table; None = its rows are of no year."""
    if "year" in mart.columns:
        return "year"
    return "year(period)" if "period" in mart.columns else None


def closed_tables() -> dict[tuple[str, str], str]:
    """(schema, table) -> SQL of the year, of every table that closed years stand in."""
    marts = {("marts", mart.name.split(".")[1]): year for mart in load_marts().values() if mart.name.startswith("marts.") and (year := year_of(mart))}
    kept = {key: year for key, year in marts.items() if key[1] not in _OF_THE_NIGHT}
    return {**{("intermediate", name): year for name, year in SEAMS.items()}, **kept}


_OF_THE_NIGHT = frozenset({"fct_restatement", "fct_closed_year_difference", "fct_known_issue"})   # they speak of what changed or is wrong, closed or not


def lay_beside(db: Any, beside: Beside) -> None:
    """Write the relations of this module into an open build database, anew."""
    for schema in ("closed", "before"):
        db.execute(f"drop schema if exists {schema} cascade")
        db.execute(f"create schema {schema}")
    db.execute("create or replace table registry.release_pair as select ? as release_id, ? as from_release_id, ? as code_version, ? as from_code_version",
               [beside.release_id, beside.before_id, beside.code, beside.before_code])
    _closed(db, beside)
    for name in BEFORE:
        _before(db, load_marts()[name], beside.before)


def _closed(db: Any, beside: Beside) -> None:
    db.execute("create or replace table registry.closed_year (year integer, release_id varchar, knowledge_date date, closed_by varchar, closed_at varchar)")
    db.execute("create or replace table registry.closed_table (name varchar, year_sql varchar)")
    if not beside.closings:
        return
    db.executemany("insert into registry.closed_year values (?, ?, ?, ?, ?)",
                   [(c.year, c.release_id, c.knowledge_date, c.closed_by, c.closed_at) for c in beside.closings])
    for (_, name), year in closed_tables().items():
        db.execute("insert into registry.closed_table values (?, ?)", [name, year])
        parts = [_rows(frozen, name, year, beside.closings) for frozen in beside.frozen]
        db.execute(f"create view closed.{identifier(name)} as {' union all by name '.join(parts)}")


def _rows(frozen: Frozen, name: str, year: str, closings: Iterable[YearClosing]) -> str:
    years = ", ".join(str(c.year) for c in closings if c.release_id == frozen.release_id)
    return f"select * from read_parquet({quoted(str(frozen.folder / (name + '.parquet')))}) where {year} in ({years})"


def _before(db: Any, mart: Mart, folder: Path | None) -> None:
    """A table of the release before; columns that it had not are null, without a release it is empty."""
    file = folder / f"{mart.name}.parquet" if folder else None
    view = f"before.{identifier(mart.name.split('.')[1])}"
    if file is None or not file.is_file():
        columns = ", ".join(f"cast(null as {c.type}) as {identifier(c.name)}" for c in mart.columns.values())
        db.execute(f"create view {view} as select {columns} where false")
        return
    relation = f"read_parquet({quoted(str(file))})"
    there = {name for name, *_ in db.execute(f"describe select * from {relation}").fetchall()}
    columns = ", ".join(f"cast({identifier(c.name) if c.name in there else 'null'} as {c.type}) as {identifier(c.name)}" for c in mart.columns.values())
    db.execute(f"create view {view} as select {columns} from {relation}")
