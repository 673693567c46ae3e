"""What the tables of words and columns keep to, before any code reads them: `make check` says which file and what to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from pipelines.contracts.published import PUBLISHED_FILE, published_faults
from pipelines.contracts.rules import RuleError, all_rules
from pipelines.contracts.source import SOURCES_DIR, Source, load_sources
from pipelines.problem import Problem
from pipelines.settings import PROJECT
from pipelines.yaml_text import load_yaml

FOLDERS = ("pipelines", "expectations", "dbt_project/models", "dbt_project/seeds")


def faults() -> list[Problem]:
    """All that is not in order, each with its file. A file that is no YAML hides what rests on it."""
    files = [path for folder in FOLDERS for path in sorted((PROJECT / folder).rglob("*.yml"))]
    if unread := list(unreadable(files)):
        return unread
    return [*(problem for source in load_sources().values() for problem in of_source(source)), *_rules(), *_published()]


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
    for name in sorted(set(source.key) - {column.name for column in source.columns}):
        yield Problem(f"{file}：键 {name} 不是其中的列；请改正 key", f"{file}: the key names {name}, which is no column: mend key")


def _rules() -> Iterator[Problem]:
    try:
        all_rules()
    except RuleError as error:
        yield Problem(f"{error}；请补上", f"{error}: write it")


def _published() -> Iterator[Problem]:
    return published_faults(load_yaml(PUBLISHED_FILE.read_text("utf-8"))["tables"])
