"""The downloads of a whole release: every table, every enterprise, the lineage of the models, nothing from outside."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from pipelines.contracts.marts import load_marts
from pipelines.transform.lineage import described
from tests.conftest import ROOT, Release, query


@pytest.fixture(scope="module")
def folder(release: Release) -> Path:
    return (release.data / "marts" / "downloads").resolve()


def test_every_table_and_every_enterprise_has_its_file(release: Release, folder: Path) -> None:
    counts = release.manifest["row_counts"]
    written = {name for name, rows in counts.items() if rows <= 50_000}
    assert {f"{name}.{ending}" for name in written for ending in ("csv", "xlsx")} <= {path.name for path in folder.iterdir()}
    package = json.loads((folder / "datapackage.json").read_text("utf-8"))
    assert {resource["path"]: resource["rows"] for resource in package["resources"]} == {f"{name}.csv": counts[name] for name in written}
    enterprises = {uscc for (uscc,) in query(release.database, "select distinct uscc from marts.fct_enterprise_emission_line")}
    assert {path.stem for path in (folder / "enterprise").iterdir()} == enterprises
    listed = {name for name in release.manifest["files"] if name.startswith("downloads/")}
    assert listed == {f"downloads/{path.relative_to(folder).as_posix()}" for path in folder.rglob("*") if path.is_file()}, "each is sealed"


def test_a_csv_says_what_the_table_says_with_names_beside_the_codes(release: Release, folder: Path) -> None:
    with (folder / "marts.fct_total_year.csv").open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    told = {(row["level"], row["code"], row["period"]): row["direct_tco2e"] for row in rows}
    assert told == {(level, code, str(period)): "" if value is None else str(value) for level, code, period, value in query(
        release.database, "select level, code, period, direct_tco2e from marts.fct_total_year")}
    assert all(row["code_name"] and row["level_zh"] for row in rows)


def test_the_lineage_page_asks_nothing_from_outside(folder: Path) -> None:
    page = (folder / "dbt" / "index.html").read_text("utf-8")
    assert all(f"model.carbon.{name.split('.')[1]}" in page for name in load_marts())
    assert str(ROOT) not in page and "INLINE DATA" not in page and "invocation_id" not in page and "send_anonymous_usage_stats\":true" not in page
    assert not re.search(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=[\"']?(?:https?:)?//", page)


def test_the_manifest_keeps_what_describes_the_project_only() -> None:
    node = {"unique_id": "model.p.a", "resource_type": "model", "name": "a", "package_name": "p", "schema": "marts", "database": "build", "created_at": 1.5, "build_path": "/x",
            "config": {"materialized": "table", "post-hook": []}, "depends_on": {"nodes": ["model.p.b", "model.p.a0"], "macros": []}, "columns": {"c": {"name": "c", "data_type": "date"}}}
    macro = {"unique_id": "macro.dbt.m", "package_name": "dbt", "name": "m"}
    manifest = {
        "metadata": {"project_name": "p", "dbt_version": "1", "dbt_schema_version": "v12", "invocation_id": "i", "user_id": "u", "generated_at": "now"},
        "nodes": {"model.p.a": node}, "macros": {"macro.dbt.m": macro}, "parent_map": {"model.p.a": ["model.p.a", "macro.dbt.m"]}, "child_map": {"model.p.a": []},
    }
    kept = described(manifest)
    assert kept["nodes"]["model.p.a"]["depends_on"]["nodes"] == ["model.p.a0", "model.p.b"] and kept["nodes"]["model.p.a"]["database"] == "carbon"
    assert kept["parent_map"] == {"model.p.a": ["model.p.a"]} and kept["macros"] == {} and "overview" in str(kept["docs"])
    assert not {"created_at", "build_path"} & kept["nodes"]["model.p.a"].keys() and set(kept["metadata"]) == {"project_name", "adapter_type", "dbt_version", "dbt_schema_version"}
