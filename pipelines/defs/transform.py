"""Stage 3: every seed, model and test of dbt, in one build a night, in this process.

Each model and seed is an asset. A test with a file of its own is a check of its own; the tests that are listed at a
model (not_null, unique ...) are one check together, which names those that failed: Dagster stores every asset and check
as several rows, and hundreds of them would take as long as the build.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject, dbt_assets

from pipelines.defs.gate import VERDICTS, validated_key
from pipelines.defs.manifest import ensure_manifest
from pipelines.defs.resources import NightResource
from pipelines.defs.tables import failed_tests_table
from pipelines.night import Night, Todo, build_step, decide, end_unbuilt
from pipelines.transform.build import BuildError, BuildResult, Node

MANIFEST: dict[str, Any] = json.loads(ensure_manifest().read_text("utf-8"))
NODES: dict[str, Any] = MANIFEST["nodes"]
_BUILT = ("model", "seed", "snapshot")
_EVALUATED = ("pass", "warn", "fail", "error")


# --- names -----------------------------------------------------------------------------------------------------------


def node_key(node: Mapping[str, Any]) -> dg.AssetKey:
    """The asset of a dbt node: its schema and name; of a source: the table of the lake, or the registry."""
    if node["resource_type"] == "source":
        return validated_key(node["name"]) if node["source_name"] == "lake" else VERDICTS
    return dg.AssetKey([node["schema"], node["alias"]])


def check_key(test: Mapping[str, Any]) -> dg.AssetCheckKey | None:
    """The check that a test is shown in; None when it reads no model."""
    read = [name for name in test["depends_on"]["nodes"] if name in NODES]
    home = test.get("attached_node") or (read[-1] if read else None)
    if home is None:
        return None
    listed = "tests" if _is_error(test) else "tests_that_warn"
    return dg.AssetCheckKey(node_key(NODES[home]), listed if test.get("test_metadata") else test["name"])


def _is_error(test: Mapping[str, Any]) -> bool:
    return str(test["config"].get("severity") or "error").lower() == "error"


class _Names(DagsterDbtTranslator):
    """Keys, groups and checks of the dbt nodes."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        return node_key(dbt_resource_props)

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return "seeds" if dbt_resource_props["resource_type"] == "seed" else dbt_resource_props["fqn"][1]

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return dbt_resource_props.get("description") or ""

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        key = check_key(NODES[unique_id])
        return _check_specs()[key] if key is not None and key.asset_key == asset_spec.key else None


@cache
def _check_specs() -> dict[dg.AssetCheckKey, dg.AssetCheckSpec]:
    tests = defaultdict(list)
    for test in NODES.values():
        if test["resource_type"] == "test" and (key := check_key(test)):
            tests[key].append(test)
    return {key: _check_spec(key, found) for key, found in tests.items()}


def _check_spec(key: dg.AssetCheckKey, tests: list[Mapping[str, Any]]) -> dg.AssetCheckSpec:
    read = {node_key(NODES[name]) for test in tests for name in test["depends_on"]["nodes"] if name in NODES}
    own = tests[0].get("description") if len(tests) == 1 else None
    return dg.AssetCheckSpec(
        key.name, asset=key.asset_key, blocking=_is_error(tests[0]), additional_deps=sorted(read - {key.asset_key}),
        description=own or f"{len(tests)} 项 dbt 检验 | dbt tests", metadata={"tests": [test["name"] for test in tests]},
    )


def _parents_first() -> list[dg.AssetKey]:
    """The order in which Dagster wants to hear of the nodes; dbt's own results come in such an order."""
    parents = {name: node["depends_on"].get("nodes", []) for name, node in NODES.items() if node["resource_type"] in _BUILT}
    return [node_key(NODES[name]) for name in TopologicalSorter(parents).static_order() if name in parents]


MART_KEYS = sorted(node_key(node) for node in NODES.values() if node["resource_type"] == "model" and node["fqn"][1] == "marts")


# --- the build -------------------------------------------------------------------------------------------------------


@dbt_assets(
    manifest=MANIFEST, name="dbt_build",
    dagster_dbt_translator=_Names(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True)),
)
def dbt_models(context: dg.AssetExecutionContext, night: NightResource) -> Iterator[Any]:
    """Build once and tell what each node came to. With nothing new, everything stands as it is."""
    with night.step("build") as opened:
        todo = decide(opened)
        if todo is not Todo.BUILD:
            end_unbuilt(opened, todo)
            yield from _standing(context, opened)
            return
        try:
            build_step(opened)
        except BuildError as error:
            yield from _results(context, opened.built)
            raise dg.Failure(description=str(error), allow_retries=False) from error
        yield from _results(context, opened.built)


def _standing(context: dg.AssetExecutionContext, night: Night) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Nothing was built: the release that stands could be sealed only because every blocking test had passed."""
    metadata = {"needs_build": False, "release_id": night.release_id or "", "outcome": night.outcome}
    for asset in _parents_first():
        if asset in context.selected_asset_keys:
            yield dg.MaterializeResult(asset_key=asset, metadata=metadata)
    for key, spec in _check_specs().items():
        if spec.blocking and key in context.selected_asset_check_keys:
            yield dg.AssetCheckResult(asset_key=key.asset_key, check_name=key.name, passed=True, metadata=metadata)


def _results(context: dg.AssetExecutionContext, built: BuildResult | None) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    tested: dict[dg.AssetCheckKey, list[Node]] = defaultdict(list)
    for node in built.nodes if built else []:
        if node.kind in _BUILT and node.status == "success":
            key = node_key(NODES[node.unique_id])
            if key in context.selected_asset_keys:
                yield dg.MaterializeResult(asset_key=key, metadata=_told(node))
        elif node.kind == "test" and node.status in _EVALUATED and (check := check_key(NODES[node.unique_id])):
            tested[check].append(node)
    for check, nodes in tested.items():
        if check in context.selected_asset_check_keys:
            yield _check_result(check, nodes)


def _told(node: Node) -> dict[str, Any]:
    return {"needs_build": True, "seconds": round(node.seconds, 3), "message": node.message}


def _check_result(key: dg.AssetCheckKey, nodes: list[Node]) -> dg.AssetCheckResult:
    bad = [node for node in nodes if node.status != "pass"]
    only_warned = all(node.status == "warn" for node in bad)
    metadata: dict[str, Any] = {
        "tests": len(nodes), "failed": len(bad), "seconds": round(sum(node.seconds for node in nodes), 3),
    }
    if bad:
        metadata["failed_tests"] = failed_tests_table(bad)
    return dg.AssetCheckResult(
        asset_key=key.asset_key, check_name=key.name, passed=not bad, metadata=metadata,
        severity=dg.AssetCheckSeverity.WARN if bad and only_warned else dg.AssetCheckSeverity.ERROR,
    )
