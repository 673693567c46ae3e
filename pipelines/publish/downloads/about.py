"""What every download says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from pipelines.contracts.marts import unit_of
from pipelines.publish.contract import Table, published_tables
from pipelines.publish.help import grain
from pipelines.publish.views import view_name


@dataclass(frozen=True)
class About:
    """The release that downloads are of."""

    release_id: str
    knowledge_date: date
    is_synthetic: bool
    common_gwp_set: str

    @property
    def moment(self) -> datetime:
        """The time that files carry inside: the knowledge date, whenever they were written."""
        return datetime.combine(self.knowledge_date, time())

    @property
    def mark(self) -> tuple[str, str]:
        """Whether what is in it was made up, in both languages."""
        return ("演示数据，不得用于正式用途", "SYNTHETIC, not for official use") if self.is_synthetic else ("正式数据", "official data")


@dataclass(frozen=True)
class Field:
    """One column of a download: words in both languages, unit (None = none), DuckDB type."""

    name: str
    type: str
    zh: str
    en: str
    unit: str | None


@dataclass(frozen=True)
class Sheet:
    """One table to take away: its view with names, else the table itself. key: its grain, which is also the order of its rows."""

    name: str
    relation: str
    zh: str
    en: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    rows: int


def sheets(db: Any, catalog: str) -> list[Sheet]:
    """Every published table of a catalog, in the order of the names."""
    fields: dict[str, list[Field]] = {}
    for relation, *column in db.execute(
        "select schema_name || '.' || table_name, column_name, data_type, comment from duckdb_columns() where database_name = ? order by 1, column_index", [catalog]).fetchall():
        fields.setdefault(relation, []).append(_field(*column))
    return [_sheet(db, catalog, table, view_name(name) if view_name(name) in fields else name, fields) for name, table in published_tables(db, catalog).items()]


def _sheet(db: Any, catalog: str, table: Table, relation: str, fields: dict[str, list[Field]]) -> Sheet:
    zh, _, en = (table.comment or "").partition(" | ")
    count = int(db.execute(f"select count(*) from {table.sql_name(catalog)}").fetchone()[0])
    return Sheet(table.name, Table(relation, None).sql_name(catalog), zh, en, grain(table.name), tuple(fields[relation]), count)


def _field(name: str, kind: str, comment: str | None) -> Field:
    zh, _, en = (comment or "").partition(" | ")
    return Field(name, kind, zh, en, unit_of(comment))
