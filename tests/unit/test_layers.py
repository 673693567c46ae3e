"""The dbt project keeps its layers: only staging reads sources, marts never read staging, each model has its YAML."""

from __future__ import annotations

import re

import pytest

from pipelines.settings import PROJECT

MODELS = PROJECT / "dbt_project" / "models"
SQL = sorted(MODELS.rglob("*.sql"))
# the one row of the night's settings is read where the knowledge date or the GWP set is needed
CONTROL = {"night", "affected"}


@pytest.mark.parametrize("path", SQL, ids=lambda p: p.stem)
def test_layers(path) -> None:
    text = path.read_text("utf-8")
    layer = path.relative_to(MODELS).parts[0]
    tables = {m.group(1) for m in re.finditer(r"source\('\w+',\s*'(\w+)'\)", text)}
    if layer != "staging":
        assert tables <= CONTROL
    if layer == "marts":
        assert not re.search(r"ref\('stg_", text)
    prefix = {"staging": "stg_", "intermediate": "int_"}.get(layer)
    assert prefix is None or path.stem.startswith(prefix)


@pytest.mark.parametrize("path", [p for p in SQL if "marts" in p.parts], ids=lambda p: p.stem)
def test_every_mart_has_its_yaml(path) -> None:
    assert path.with_suffix(".yml").exists()


@pytest.mark.parametrize("path", SQL, ids=lambda p: p.stem)
def test_sql_stays_portable(path) -> None:
    text = re.sub(r"--[^\n]*", "", path.read_text("utf-8")).lower()
    for word in ("qualify", "group by all", "asof", "pivot"):
        assert not re.search(rf"\b{word}\b", text), word
    assert "::" not in text
