"""The page of the models: dbt's own documentation with its graph, as `dbt docs generate --static` makes it, from what dbt parsed for the night.

Only what describes the project goes in: no time, no path of a machine, nobody's identity, so the same project gives the same bytes. The page asks
nothing from outside; column types come from the models' YAML, which the build enforces.
"""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

from pipelines.transform.build import parsed_manifest

_MANIFEST, _CATALOG = '"MANIFEST.JSON INLINE DATA"', '"CATALOG.JSON INLINE DATA"'
_DATABASE = "carbon"   # whatever the database is called that is built in
_OVERVIEW = """### 模型与血缘 | Models and lineage

每个公布的表由哪些模型、数据源算出：左侧选表，右下角打开血缘图。公布的表在 `marts` 文件夹。

From which models and sources every published table is made: choose a table on the left, open the graph at the lower right. Published tables lie in the folder `marts`.
"""
_NODE = (
    "unique_id", "resource_type", "name", "package_name", "path", "original_file_path", "schema", "alias", "fqn", "description", "columns", "depends_on", "refs", "sources", "tags",
    "config", "docs", "meta", "raw_code", "language", "access", "test_metadata", "column_name", "attached_node", "source_name", "source_description", "identifier", "loader", "type",
    "owner", "url", "maturity", "label", "macro_sql", "arguments", "model", "given", "expect", "patch_path", "block_contents",
)
_CONFIG = ("materialized", "meta", "tags", "enabled", "severity", "contract")
_PARTS = ("nodes", "sources", "macros", "docs", "exposures", "unit_tests")
_EMPTY: dict[str, Any] = {"metrics": {}, "groups": {}, "selectors": {}, "disabled": {}, "group_map": {}, "saved_queries": {}, "semantic_models": {}}
_LINKS = ("parent_map", "child_map")


def write_lineage(database: Path, target: Path, out: Path) -> None:
    """Write the page of the project as it was parsed for a build database. Raises BuildError when it cannot be parsed."""
    manifest = described(parsed_manifest(database, target).writable_manifest().to_dict(omit_none=True))
    page = resources.files("dbt.task.docs").joinpath("index.html").read_text("utf-8")
    for place, content in ((_MANIFEST, manifest), (_CATALOG, _catalog(manifest))):
        # a text that ends the script it stands in would end it for the browser too
        page = page.replace(place, json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).replace("</", "<\\/"))
    out.write_bytes(page.encode())


def described(manifest: dict[str, Any]) -> dict[str, Any]:
    """What the page needs of dbt's manifest."""
    project = manifest["metadata"]["project_name"]
    parts = {part: {key: _node(node) for key, node in manifest.get(part, {}).items() if node.get("package_name") == project} for part in _PARTS}
    overview = f"doc.{project}.__overview__"
    parts["docs"][overview] = {"unique_id": overview, "name": "__overview__", "resource_type": "doc", "package_name": project, "path": "overview.md", "block_contents": _OVERVIEW}
    known = {key for part in parts.values() for key in part}
    links = {name: {key: sorted(set(others) & known) for key, others in manifest[name].items() if key in known} for name in _LINKS}
    metadata = {"project_name": project, "adapter_type": "duckdb", "dbt_version": manifest["metadata"]["dbt_version"], "dbt_schema_version": manifest["metadata"]["dbt_schema_version"]}
    return {"metadata": metadata, **parts, **_EMPTY, **links}


def _node(node: dict[str, Any]) -> dict[str, Any]:
    kept = {key: node[key] for key in _NODE if key in node}
    if "config" in kept:
        kept["config"] = {key: kept["config"][key] for key in _CONFIG if key in kept["config"]}
    if "depends_on" in kept:
        kept["depends_on"] = {kind: sorted(names) for kind, names in kept["depends_on"].items()}
    return {**kept, "database": _DATABASE, "compiled_code": ""} if "schema" in kept else kept


def _catalog(manifest: dict[str, Any]) -> dict[str, Any]:
    """Columns with their types, as dbt would ask the database for."""
    nodes = {
        key: {
            "unique_id": key, "metadata": {"type": "BASE TABLE", "schema": node["schema"], "name": node.get("alias") or node["name"], "database": _DATABASE, "comment": None, "owner": None},
            "columns": {
                name: {"name": name, "index": place, "type": column.get("data_type") or "", "comment": column.get("description")}
                for place, (name, column) in enumerate(node.get("columns", {}).items(), start=1)
            },
            "stats": {"has_stats": {"id": "has_stats", "label": "Has Stats?", "value": False, "include": False, "description": ""}},
        }
        for key, node in manifest["nodes"].items() if node["resource_type"] in ("model", "seed")
    }
    return {"metadata": manifest["metadata"], "nodes": nodes, "sources": {}, "errors": None}
