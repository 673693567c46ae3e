"""Whether a database holds what a release must hold: tables, columns, types, keys, comments, units."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.contracts.marts import unit_of
from pipelines.contracts.published import PORTABLE, PublishedContract, PublishedTable, load_published
from pipelines.publish.problem import PublishError, both
from pipelines.warehouse.duck import attach, connect, identifier

# The one table that a release has beside those of the build database: which release it is.
RELEASE_TABLE = "reference.release"

_BILINGUAL = re.compile(r"(?P<zh>[^|]*[\u4e00-\u9fff][^|]*?) \| (?P<en>\S.*)", re.DOTALL)
_MEASURED = re.compile(r"DECIMAL\(\d+,\d+\)|DOUBLE|FLOAT")
_SHOWN = 20


@dataclass
class Column:
    """One column as it stands in a database."""

    name: str
    type: str
    comment: str | None


@dataclass
class Table:
    """One table as it stands in a database; name with its schema."""

    name: str
    comment: str | None
    columns: dict[str, Column] = field(default_factory=dict)

    @property
    def schema(self) -> str:
        return self.name.split(".", 1)[0]

    def sql_name(self, catalog: str) -> str:
        """The table's name in SQL, with its catalog."""
        return ".".join(identifier(part) for part in (catalog, *self.name.split(".", 1)))


def published_tables(db: Any, catalog: str) -> dict[str, Table]:
    """The tables of the published schemas by name. Views and leftovers of a stopped build are no tables."""
    schemas = load_published().schemas
    tables = {}
    rows = db.execute(
        "select schema_name || '.' || table_name, comment from duckdb_tables() where database_name = ? order by 1",
        [catalog],
    ).fetchall()
    for name, comment in rows:
        if name.split(".", 1)[0] in schemas and "__dbt_" not in name:
            tables[name] = Table(name, comment)
    columns = db.execute(
        "select schema_name || '.' || table_name, column_name, data_type, comment from duckdb_columns()"
        " where database_name = ? order by 1, column_index", [catalog],
    ).fetchall()
    for name, column, kind, comment in columns:
        if name in tables:
            tables[name].columns[column] = Column(column, kind, comment)
    return tables


def contract_problems(db: Any, catalog: str) -> list[str]:
    """Everything in which a database differs from the contract, in both languages; empty = nothing."""
    contract = load_published()
    tables = published_tables(db, catalog)
    problems = []
    for name, wanted in contract.tables.items():
        if name in tables:
            problems += _required(tables[name], wanted) or _repeated_keys(db, tables[name].sql_name(catalog), wanted)
        else:
            problems.append(both(f"缺少表 {name}", f"table {name} is missing"))
    for table in tables.values():
        problems += _described(table, contract)
    return problems


def check_contract(build_db: Path) -> None:
    """Refuse a build database that does not hold what a release must. Raises PublishError."""
    with connect() as db:
        attach(db, build_db, "build_db")
        require(contract_problems(db, "build_db"))


def require(problems: list[str]) -> None:
    """Raises PublishError that names the problems, if there are any."""
    if not problems:
        return
    lines = "".join(f"\n  {problem}" for problem in problems[:_SHOWN])
    raise PublishError(
        f"{len(problems)} 处不符合发布约定，未发布，上一版本保持不变",
        f"{len(problems)} problem(s) with the contract of a release: nothing published, the last release stands{lines}",
    )


def _required(table: Table, wanted: PublishedTable) -> list[str]:
    problems = []
    for column in wanted.columns:
        where, found = f"{table.name}.{column.name}", table.columns.get(column.name)
        if found is None:
            problems.append(both(f"缺少列 {where}", f"column {where} is missing"))
            continue
        if found.type.lower() != column.type:
            problems.append(both(
                f"列 {where} 类型应为 {column.type}，实为 {found.type}", f"column {where} is {found.type}, not {column.type}"
            ))
        if column.unit and unit_of(found.comment) != column.unit:
            problems.append(both(
                f"列 {where} 的注释末尾应有单位 [{column.unit}]",
                f"the comment of column {where} must end with its unit [{column.unit}]",
            ))
    return problems


def _repeated_keys(db: Any, sql_name: str, wanted: PublishedTable) -> list[str]:
    key = ", ".join(identifier(name) for name in wanted.key)
    repeated = db.execute(
        f"select count(*) from (select {key} from {sql_name} group by {key} having count(*) > 1)"
    ).fetchone()[0]
    if not repeated:
        return []
    return [both(
        f"表 {wanted.name} 有 {repeated} 个重复的键（{key}）", f"table {wanted.name} repeats {repeated} key(s) ({key})"
    )]


def _described(table: Table, contract: PublishedContract) -> list[str]:
    problems = []
    if table.schema in contract.comments and not _BILINGUAL.fullmatch(table.comment or ""):
        problems.append(both(f"表 {table.name} 缺少“中文 | English”注释", f"table {table.name} has no comment `中文 | English`"))
    for column in table.columns.values():
        where = f"{table.name}.{column.name}"
        if not PORTABLE.fullmatch(column.type):
            problems.append(both(
                f"列 {where} 的类型 {column.type} 不能原样写入 Parquet",
                f"column {where} is {column.type}, which does not survive Parquet",
            ))
        if table.schema in contract.comments and not _BILINGUAL.fullmatch(column.comment or ""):
            problems.append(both(f"列 {where} 缺少“中文 | English”注释", f"column {where} has no comment `中文 | English`"))
        elif table.schema in contract.units and _MEASURED.fullmatch(column.type) and unit_of(column.comment) is None:
            problems.append(both(
                f"列 {where} 的注释末尾缺少单位", f"the comment of column {where} does not end with a unit [...]"
            ))
    return problems
