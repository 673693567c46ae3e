"""The live release as the desk reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.publish.store import DATABASE, require_live
from pipelines.settings import Settings
from pipelines.warehouse.duck import connect


def live_database(settings: Settings) -> Path:
    """The database of the live release, resolved once for all queries of an answer. Raises PublishError when nothing is published."""
    return require_live(settings)[0] / DATABASE


def rows_of(database: Path, sql: str, *parameters: Any) -> list[dict[str, Any]]:
    """Rows of a query as dictionaries."""
    with connect(database, read_only=True) as db:
        cursor = db.execute(sql, list(parameters))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
