"""Writes the downloads of a release from its sealed database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.publish.downloads.about import About, sheets
from pipelines.publish.downloads.dictionary import dictionary
from pipelines.publish.downloads.enterprise import LINES, write_enterprises
from pipelines.publish.downloads.files import laid_out, write_csv, write_workbook
from pipelines.publish.downloads.package import package

MOST_ROWS = 50_000   # a greater table is for Parquet: no spreadsheet reads it with pleasure
DBT_PAGE = "dbt/index.html"


def write_downloads(db: Any, catalog: str, about: About, folder: Path, lineage: Callable[[Path], None] | None) -> None:
    """Write every download of the release in `catalog` into a new folder. lineage: writes the page of the models where they can be shown."""
    folder.mkdir()
    found = sheets(db, catalog)
    for sheet in found:
        if sheet.rows <= MOST_ROWS:
            with laid_out(db, sheet) as rows:
                write_csv(db, sheet, rows, folder / f"{sheet.name}.csv")
                write_workbook(db, sheet, rows, about, folder / f"{sheet.name}.xlsx")
        if sheet.name == LINES:
            write_enterprises(db, sheet, folder / "enterprise")
    (folder / "datapackage.json").write_bytes(package(about, found, folder))
    (folder / "dictionary.html").write_bytes(dictionary(db, catalog, about, found, folder))
    if lineage is not None:
        (folder / DBT_PAGE).parent.mkdir()
        lineage(folder / DBT_PAGE)
