"""The SQL of the models runs on other engines too. Layers and floors are judged by the manifest (tests/dbt/test_floors.py)."""

from __future__ import annotations

import re

import pytest

from pipelines.settings import PROJECT

MODELS = PROJECT / "dbt_project" / "models"
SQL = sorted(MODELS.rglob("*.sql"))


@pytest.mark.parametrize("path", SQL, ids=lambda p: p.stem)
def test_sql_stays_portable(path) -> None:
    text = re.sub(r"--[^\n]*", "", path.read_text("utf-8")).lower()
    for word in ("qualify", "group by all", "asof", "pivot"):
        assert not re.search(rf"\b{word}\b", text), word
    assert "::" not in text
