"""`datapackage.json`: the downloads as a Frictionless data package, so that a reader's tools know types, units and keys."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from pipelines.publish.downloads.about import About, Field, Sheet
from pipelines.publish.store import sha256_of

_TYPES = (
    (r"VARCHAR", "string"), (r"BOOLEAN", "boolean"), (r"DATE", "date"), (r"TIMESTAMP.*", "any"), (r"U?(?:TINY|SMALL|BIG)?INT(?:EGER)?", "integer"), (r".*", "number"),
)


def package(about: About, sheets: list[Sheet], folder: Path) -> bytes:
    """The descriptor of the CSV files that lie in a folder; tables that have none are named with where their rows are."""
    written = [sheet for sheet in sheets if (folder / f"{sheet.name}.csv").exists()]
    descriptor = {
        "name": f"guizhou-carbon-{about.release_id}",
        "title": "贵州省低碳数据一张网 | Guizhou's carbon accounts",
        "description": " | ".join(about.mark),
        "version": about.release_id,
        "created": about.moment.isoformat() + "+08:00",
        "profile": "tabular-data-package",
        "is_synthetic": about.is_synthetic,
        "knowledge_date": about.knowledge_date.isoformat(),
        "resources": [_resource(sheet, folder / f"{sheet.name}.csv") for sheet in written],
        "parquet_only": [{"name": sheet.name, "rows": sheet.rows, "path_in_release": f"parquet/{sheet.name}.parquet"} for sheet in sheets if sheet not in written],
    }
    return (json.dumps(descriptor, ensure_ascii=False, indent=1) + "\n").encode()


def _resource(sheet: Sheet, file: Path) -> dict[str, Any]:
    return {
        "name": sheet.name.replace("_", "-"), "path": file.name, "title": f"{sheet.zh} | {sheet.en}", "profile": "tabular-data-resource",
        "format": "csv", "mediatype": "text/csv", "encoding": "utf-8-sig", "dialect": {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"', "doubleQuote": True, "header": True},
        "bytes": file.stat().st_size, "hash": f"sha256:{sha256_of(file)}", "rows": sheet.rows,
        "schema": {"fields": [_field(field) for field in sheet.fields], "missingValues": [""], **({"primaryKey": list(sheet.key)} if sheet.key else {})},
    }


def _field(field: Field) -> dict[str, Any]:
    kind = next(kind for pattern, kind in _TYPES if re.fullmatch(pattern, field.type))
    said = {"name": field.name, "type": kind, "title": field.zh, "description": field.en}
    return {**said, "unit": field.unit} if field.unit else said
