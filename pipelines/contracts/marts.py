"""The published tables as the YAML beside each model describes them: the one place for a column's type, unit and words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.settings import PROJECT
from pipelines.yaml_text import load_yaml

MARTS = PROJECT / "dbt_project" / "models" / "marts"
_SCHEMAS = ("quality", "reference")   # folders that are schemas of their own; all others publish into marts
_UNIT_TAIL = re.compile(r"\[(?P<unit>[^\[\]]+)\]\s*$")


def unit_of(description: str | None) -> str | None:
    """The unit in the tail of a description, `排放量 | Emissions [tCO2e]` -> `tCO2e`."""
    match = _UNIT_TAIL.search(description or "")
    return match["unit"] if match else None


@dataclass(frozen=True)
class MartColumn:
    """One column of a published table. type: as dbt's contract of the model enforces it; unit: None = a column without one."""

    name: str
    type: str
    description: str

    @property
    def unit(self) -> str | None:
        return unit_of(self.description)


@dataclass(frozen=True)
class Mart:
    """One published table; name with its schema, `file` describes it. key: its grain as dbt tests it, empty = untested."""

    name: str
    file: Path
    description: str
    columns: dict[str, MartColumn]
    key: tuple[str, ...] = ()


@cache
def load_marts() -> dict[str, Mart]:
    """Every published table by its name, in the order of the files."""
    return {mart.name: mart for path in sorted(MARTS.rglob("*.yml")) for mart in _marts_of(path)}


def _marts_of(path: Path) -> Iterator[Mart]:
    schema = path.parent.name if path.parent.name in _SCHEMAS else "marts"
    for model in load_yaml(path.read_text("utf-8"))["models"]:
        columns = {c["name"]: MartColumn(c["name"], c["data_type"], c["description"]) for c in model["columns"]}
        yield Mart(f"{schema}.{model['name']}", path, model["description"], columns, _key(model))


def _key(model: dict[str, Any]) -> tuple[str, ...]:
    """The columns that no two rows share: those of `unique_combination`, else the column that is `unique`."""
    for test in model.get("data_tests", []):
        if isinstance(test, dict) and "unique_combination" in test:
            return tuple(test["unique_combination"]["arguments"]["columns"])
    return tuple(column["name"] for column in model["columns"] if "unique" in column.get("data_tests", []))[:1]
