"""dbt's own unit tests, run on a copy of the session's build database (they judge the code, so the night leaves them out)."""

from __future__ import annotations

import shutil
from pathlib import Path

from pipelines.transform.build import run_dbt
from tests.conftest import Release


def test_dbt_unit_tests(release: Release, tmp_path: Path) -> None:
    database = tmp_path / "build.duckdb"
    shutil.copy(release.data / "warehouse" / "build.duckdb", database)
    result = run_dbt(["test", "--select", "test_type:unit"], database, tmp_path / "dbt")
    assert result.ok, [f"{node.name}: {node.message}" for node in result.failed] or result.error
    assert len(result.nodes) >= 5
