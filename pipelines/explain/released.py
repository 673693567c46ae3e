"""The live release as an explanation reads it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.explain.evidence import Batch, SourceRow, lake_factors
from pipelines.publish.contract import Table, published_tables
from pipelines.publish.store import DATABASE, require_live
from pipelines.settings import Settings
from pipelines.warehouse.duck import attach, connect


@dataclass
class Released:
    """The live release, open: its tables, its factors, its batches."""

    settings: Settings
    db: Any
    release_id: str
    known_by: date
    tables: dict[str, Table]
    common_gwp_set: str = ""
    closed_years: tuple[int, ...] = ()   # those that stand as the release that closed them knew them

    def rows(self, sql: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        """Rows of a query as dictionaries."""
        cursor = self.db.execute(sql, values or [])
        names = [part[0] for part in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    @cached_property
    def factors(self) -> pl.DataFrame:
        """The factors of the release; where it has none, those of the lake that it could know."""
        name = "reference.emission_factor"
        if name not in self.tables:
            return lake_factors(self.settings, self.known_by)
        found = self.rows(f"select * from {self.tables[name].sql_name('live')} order by is_in_conflict desc, batch_id, row_no")
        return pl.DataFrame(found, infer_schema_length=None) if found else lake_factors(self.settings, self.known_by)

    @cached_property
    def shown_rows(self) -> dict[tuple[str, int], SourceRow]:
        """Delivered rows that were read already."""
        return {}

    def batch(self, batch_id: str | None) -> Batch | None:
        """A batch by its id; with its id alone when quality.batch does not have it."""
        if not batch_id:
            return None
        found = self.rows("select * from live.quality.batch where batch_id = ?", [batch_id])
        return Batch(batch_id, found[0] if found else {})


@contextmanager
def open_live(settings: Settings) -> Iterator[Released]:
    """The live release, tables and release.json of one and the same. Raises PublishError when nothing is published."""
    with open_release(settings, *require_live(settings)) as live:
        yield live


@contextmanager
def open_release(settings: Settings, folder: Path, manifest: dict[str, Any]) -> Iterator[Released]:
    """The release of a folder, with its release.json."""
    with connect() as db:
        attach(db, folder / DATABASE, "live")
        db.execute("use live")
        closed = tuple(closing["year"] for closing in manifest.get("closed_years", ()))
        yield Released(settings, db, manifest["release_id"], date.fromisoformat(manifest["knowledge_date"]), published_tables(db, "live"), manifest["common_gwp_set"], closed)
