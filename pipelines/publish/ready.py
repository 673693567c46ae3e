"""The ready queries: each is one SQL file in `queries/`, which any DuckDB client runs as it stands.

A file begins with its title and one line a parameter (`-- name: 中文 | English`). Parameters are DuckDB variables: one that is not set is NULL,
and the SQL says what then counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SQL = Path(__file__).parent / "queries"
_PARAMETER = re.compile(r"^-- (?P<name>\w+): (?P<words>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Query:
    """One question. title: both languages; parameters: name -> what it is and what counts without it."""

    name: str
    title: str
    parameters: dict[str, str]
    sql: str


@cache
def load_queries() -> dict[str, Query]:
    """Every query by its name, in the order of the alphabet."""
    return {path.stem: _query(path.stem, path.read_text("utf-8")) for path in sorted(SQL.glob("*.sql"))}


def _query(name: str, text: str) -> Query:
    title = text.splitlines()[0].removeprefix("-- ")
    return Query(name, title, {m["name"]: m["words"] for m in _PARAMETER.finditer(text)}, text)
