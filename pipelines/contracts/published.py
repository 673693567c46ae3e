"""What a release must hold, read from `published.yml`: tables, keys, order and columns; their types and units from the models' own YAML."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.contracts.marts import MartColumn, load_marts
from pipelines.problem import Problem
from pipelines.settings import PROJECT
from pipelines.yaml_text import load_yaml

PUBLISHED_FILE = Path(__file__).parent / "published.yml"
_FILE = PUBLISHED_FILE.relative_to(PROJECT)

# Types that read back from Parquet as they were written: no table of a release has another.
PORTABLE = re.compile(
    r"BOOLEAN|U?(?:TINY|SMALL|BIG)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)|VARCHAR|DATE"
    r"|TIMESTAMP(?: WITH TIME ZONE)?"
)


@dataclass(frozen=True)
class PublishedTable:
    """One required table; name with its schema. order: how its rows lie in the published file; columns: those that it must have."""

    name: str
    key: tuple[str, ...]
    order: tuple[str, ...]
    columns: tuple[MartColumn, ...]


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
    """The contract of this version. Raises Problem when it names what no model describes."""
    raw = load_yaml(PUBLISHED_FILE.read_text("utf-8"))
    for problem in published_faults(raw["tables"]):
        raise problem
    tables = {
        name: PublishedTable(
            name, tuple(spec["key"]), tuple(spec.get("order", spec["key"])),
            tuple(load_marts()[name].columns[column] for column in spec["columns"]),
        )
        for name, spec in raw["tables"].items()
    }
    return PublishedContract(raw["version"], tuple(raw["schemas"]), tuple(raw["comments"]), tuple(raw["units"]), tables)


def published_faults(tables: dict[str, dict[str, Any]]) -> Iterator[Problem]:
    """Tables and columns that no model describes, columns that stand twice, keys and orders of what need not be there."""
    for name, spec in tables.items():
        mart, columns = load_marts().get(name), spec["columns"]
        if mart is None:
            yield Problem(f"{_FILE}：没有模型说明表 {name}；请改正表名，或补上模型的 YAML",
                          f"{_FILE}: no model describes table {name}: mend the name, or write the model's YAML")
            continue
        for column in sorted(set(columns) - mart.columns.keys()):
            file = mart.file.relative_to(PROJECT)
            yield Problem(f"{_FILE}：{name}.{column} 不在 {file} 中；请改正列名，或在该文件说明此列",
                          f"{_FILE}: {name}.{column} is not in {file}: mend the name, or describe the column there")
        for column in (column for column, times in Counter(columns).items() if times > 1):
            yield Problem(f"{_FILE}：{name} 的列 {column} 出现多次；请只留一处", f"{_FILE}: {name} names column {column} twice: leave it once")
        for column in sorted({*spec["key"], *spec.get("order", [])} - set(columns)):
            yield Problem(f"{_FILE}：{name} 的键或顺序用到 {column}，而它不在 columns 中；请补上",
                          f"{_FILE}: key or order of {name} names {column}, which is not among its columns: add it")
