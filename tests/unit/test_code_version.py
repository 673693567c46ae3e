"""The code version changes with whatever decides a figure, and with nothing that dbt writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.warehouse.build_db import code_version


def _project(root: Path, **files: str) -> Path:
    for name, text in {"dbt_project/models/a.sql": "select 1", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


@pytest.mark.parametrize(
    "name", ["dbt_project/models/marts/target/verdict.sql", "dbt_project/seeds/rule.csv", "expectations/a.yml", "pipelines/gate/judge.py"]
)
def test_what_decides_a_figure_counts(tmp_path: Path, name: str) -> None:
    before = code_version(_project(tmp_path))
    assert code_version(_project(tmp_path, **{name: "one"})) != before
    assert code_version(_project(tmp_path, **{name: "two"})) != code_version(_project(tmp_path, **{name: "one"}))


@pytest.mark.parametrize("name", ["dbt_project/target/compiled/a.sql", "dbt_project/logs/a.yml"])
def test_what_dbt_writes_does_not(tmp_path: Path, name: str) -> None:
    assert code_version(_project(tmp_path, **{name: "written"})) == code_version(_project(tmp_path / "plain"))
