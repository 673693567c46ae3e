"""What the tables of words and columns keep to, before any code reads them: `make check` says which file and what to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from pipelines.contracts.legend import legend_faults
from pipelines.contracts.published import PUBLISHED_FILE, published_faults
from pipelines.contracts.rules import RuleError, all_rules
from pipelines.contracts.source import SOURCES_DIR, TYPES, ContractError, Source, load_sources
from pipelines.problem import Problem
from pipelines.settings import PROJECT
from pipelines.yaml_text import load_yaml

FOLDERS = ("pipelines", "expectations", "dbt_project/models", "dbt_project/seeds")
BLANK = "FILL_IN"   # what the skeletons of `carbon new` leave to be filled in


def faults() -> list[Problem]:
    """All that is not in order, each with its file. A file that is no YAML hides what rests on it."""
    files = [path for folder in FOLDERS for path in sorted((PROJECT / folder).rglob("*.yml"))]
    if unread := list(unreadable(files)):
        return unread
    try:
        sources = load_sources()
    except ContractError as error:
        return [*unfilled(), error]
    return [*unfilled(), *(problem for source in sources.values() for problem in of_source(source)), *_rules(), *_published(), *legend_faults()]


def unreadable(files: Iterable[Path]) -> Iterator[Problem]:
    """Files that are no YAML, or name a key twice."""
    for path in files:
        try:
            load_yaml(path.read_text("utf-8"))
        except yaml.YAMLError as error:
            where = getattr(error, "problem_mark", None)
            what = getattr(error, "problem", None) or str(error)
            line = f":{where.line + 1}" if where else ""
            name = path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path
            yield Problem(f"{name}{line}：{what}；请改正", f"{name}{line}: {what}: mend it")


def unfilled(project: Path = PROJECT) -> Iterator[Problem]:
    """Files of a skeleton that still hold blanks, each with its first line that does."""
    held = [path for folder in FOLDERS for ending in ("yml", "sql", "csv") for path in sorted((project / folder).rglob(f"*.{ending}"))]
    held += [path for folder in ("gate", "golden") for ending in ("yml", "py") for path in sorted((project / "tests" / folder).rglob(f"*.{ending}"))]
    for path in held:
        lines = path.read_bytes().splitlines()   # among them deliveries in encodings of their own
        if blanks := [number for number, line in enumerate(lines, start=1) if BLANK.encode() in line]:
            file = f"{path.relative_to(project)}:{blanks[0]}"
            yield Problem(f"{file}：还有 {len(blanks)} 行未填（{BLANK}）；请填写", f"{file}: {len(blanks)} lines are still to be filled in ({BLANK}): fill them in")


def of_source(source: Source) -> Iterator[Problem]:
    """Columns of a contract that stand twice, and headers that two of them answer to."""
    file = (SOURCES_DIR / f"{source.name}.yml").relative_to(PROJECT)
    headers: dict[str, list[str]] = defaultdict(list)
    for column in source.columns:
        for header in {column.name, column.zh, *column.aliases}:
            headers[header].append(column.name)
    for header, columns in sorted(headers.items()):
        if len(columns) > 1:
            named = ", ".join(columns)
            yield Problem(f"{file}：“{header}”用于多列（{named}）；每个名称只留一列", f"{file}: {header!r} names more than one column ({named}): leave it to one")
    for column in source.columns:
        if column.type not in TYPES:
            yield Problem(f"{file}：{column.name} 的类型“{column.type}”未知；可用 {', '.join(TYPES)}", f"{file}: {column.name} is of no type {column.type!r}: take one of {', '.join(TYPES)}")
    for name in sorted(set(source.key) - {column.name for column in source.columns}):
        yield Problem(f"{file}：键 {name} 不是其中的列；请改正 key", f"{file}: the key names {name}, which is no column: mend key")


def _rules() -> Iterator[Problem]:
    try:
        all_rules()
    except RuleError as error:
        yield Problem(f"{error}；请补上", f"{error}: write it")


def _published() -> Iterator[Problem]:
    return published_faults(load_yaml(PUBLISHED_FILE.read_text("utf-8"))["tables"])
