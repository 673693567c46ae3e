"""No figure depends on the order of rows or on how many threads add them: the session's release once more, from shuffled rows, with other threads."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from pipelines.contracts.source import load_sources
from pipelines.publish.hashes import table_hashes
from pipelines.transform.build import run_dbt
from pipelines.warehouse.duck import connect
from tests.conftest import Release


def test_other_threads_and_another_order_make_the_same_tables(release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = tmp_path / "build.duckdb"
    shutil.copy(release.data / "warehouse" / "build.duckdb", database)
    with connect(database) as db:
        for name in load_sources():
            db.execute(f"create table lake.shuffled as select * from lake.{name} order by md5(batch_id || row_no)")
            db.execute(f"drop view lake.{name}")
            db.execute(f"alter table lake.shuffled rename to {name}")
    # the release was built with as many threads as the machine has
    monkeypatch.setenv("CARBON_BUILD_THREADS", "1" if (os.cpu_count() or 1) > 1 else "4")
    command = ["build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "seed", "--no-write-json"]
    built = run_dbt([*command, "--full-refresh"], database, tmp_path / "dbt")
    assert built.ok, [f"{node.name}: {node.message}" for node in built.failed] or built.error
    manifest = release.manifest
    made = {node.name for node in built.nodes if node.kind == "model"}
    compared, different = 0, []
    with connect(database, read_only=True) as db:
        for table, value in manifest["value_hashes"].items():
            if table.split(".")[1] not in made:
                continue   # what publishing adds: releases, restatements
            again = table_hashes(db, table)
            compared += 1
            if (again.value, again.provenance) != (value, manifest["provenance_hashes"][table]):
                different.append(table)
    assert different == []
    assert compared > 40
