"""What a release must hold, read from `published.yml`: tables, keys, columns, types and units."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipelines.yaml_text import load_yaml

PUBLISHED_FILE = Path(__file__).parent / "published.yml"

_SPEC = re.compile(r"(?P<type>[a-z]+(?:\(\d+,\d+\))?)(?:\s+\[(?P<unit>[^\]]+)\])?")
_TYPES = {
    "text": r"VARCHAR",
    "date": r"DATE",
    "timestamp": r"TIMESTAMP(?: WITH TIME ZONE)?",
    "boolean": r"BOOLEAN",
    "integer": r"U?(?:TINY|SMALL|BIG)INT|U?INTEGER",
    "number": r"U?(?:TINY|SMALL|BIG)INT|U?INTEGER|DECIMAL\(\d+,\d+\)|DOUBLE|FLOAT",
    "double": r"DOUBLE",
    "amount": r"DECIMAL\(\d+,3\)",
    "fraction": r"DOUBLE",
}
# Types that read back from Parquet as they were written: no table of a release has another.
PORTABLE = re.compile(
    r"BOOLEAN|U?(?:TINY|SMALL|BIG)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)|VARCHAR|DATE"
    r"|TIMESTAMP(?: WITH TIME ZONE)?"
)


@dataclass(frozen=True)
class PublishedColumn:
    """One required column. unit: that of its comment's tail, `*` = any, None = need not have one."""

    name: str
    type: str
    unit: str | None = None

    def accepts(self, data_type: str) -> bool:
        """Whether a DuckDB type is of the required kind."""
        pattern = _TYPES.get(self.type) or re.escape(self.type.upper())
        return re.fullmatch(pattern, data_type.upper()) is not None


@dataclass(frozen=True)
class PublishedTable:
    """One required table; name with its schema. order: how its rows lie in the published file."""

    name: str
    key: tuple[str, ...]
    order: tuple[str, ...]
    columns: tuple[PublishedColumn, ...]


@dataclass(frozen=True)
class PublishedContract:
    """Everything that a release must hold. The three lists are of schemas, see `published.yml`."""

    version: int
    schemas: tuple[str, ...]
    comments: tuple[str, ...]
    units: tuple[str, ...]
    tables: dict[str, PublishedTable]


@cache
def load_published() -> PublishedContract:
    """The contract of this version. Raises ValueError when the file does not say a column as it should."""
    raw = load_yaml(PUBLISHED_FILE.read_text("utf-8"))
    tables = {
        name: PublishedTable(
            name, tuple(spec["key"]), tuple(spec.get("order", spec["key"])), tuple(_columns(name, spec["columns"]))
        )
        for name, spec in raw["tables"].items()
    }
    return PublishedContract(raw["version"], tuple(raw["schemas"]), tuple(raw["comments"]), tuple(raw["units"]), tables)


def _columns(table: str, specs: dict[str, str]) -> list[PublishedColumn]:
    columns = []
    for name, spec in specs.items():
        match = _SPEC.fullmatch(spec)
        if match is None or (match["type"] not in _TYPES and "(" not in match["type"]):
            raise ValueError(f"{table}.{name}: {spec!r} is no type with unit")
        columns.append(PublishedColumn(name, match["type"], match["unit"]))
        if match["type"] == "fraction":
            columns.extend(PublishedColumn(f"{name}_{part}", "number") for part in ("num", "den"))
    return columns
