"""Stage 3: every seed, model and test of dbt, in one build a night, in this process."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject, dbt_assets

from pipelines.defs.gate import VERDICTS, validated_key
from pipelines.defs.manifest import ensure_manifest
from pipelines.defs.resources import NightResource
from pipelines.night import Night, build_step, needs_build
from pipelines.transform.build import BuildError, BuildResult, Node

MANIFEST: dict[str, Any] = json.loads(ensure_manifest().read_text("utf-8"))
_BUILT = ("model", "seed", "snapshot")
_EVALUATED = ("pass", "warn", "fail", "error")


def node_key(node: Mapping[str, Any]) -> dg.AssetKey:
    """The asset of a dbt node: its schema and name; of a source: the table of the lake, or the registry."""
    if node["resource_type"] == "source":
        return validated_key(node["name"]) if node["source_name"] == "lake" else VERDICTS
    return dg.AssetKey([node["schema"], node["alias"]])


def _home_of_test(test: Mapping[str, Any]) -> str | None:
    """The node that a test is shown at: the one it is written at, else the last that it reads."""
    read = [name for name in test["depends_on"]["nodes"] if name in MANIFEST["nodes"]]
    return test.get("attached_node") or (read[-1] if read else None)


class _Names(DagsterDbtTranslator):
    """Names, groups and checks of the dbt nodes."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        return node_key(dbt_resource_props)

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return "seeds" if dbt_resource_props["resource_type"] == "seed" else dbt_resource_props["fqn"][1]

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return dbt_resource_props.get("description") or ""

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        test = manifest["nodes"][unique_id]
        home = _home_of_test(test)
        if home is None or node_key(manifest["nodes"][home]) != asset_spec.key:
            return None
        others = {node_key(manifest["nodes"][name]) for name in test["depends_on"]["nodes"] if name in manifest["nodes"]}
        return dg.AssetCheckSpec(
            test["name"], asset=asset_spec.key, blocking=_is_error(test), description=test.get("description") or None,
            additional_deps=sorted(others - {asset_spec.key}),
        )


def _is_error(test: Mapping[str, Any]) -> bool:
    return str(test["config"].get("severity") or "error").lower() == "error"


MART_KEYS = sorted(
    node_key(node) for node in MANIFEST["nodes"].values() if node["resource_type"] == "model" and node["fqn"][1] == "marts"
)


@dbt_assets(
    manifest=MANIFEST, name="dbt_build",
    dagster_dbt_translator=_Names(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True)),
)
def dbt_models(context: dg.AssetExecutionContext, night: NightResource) -> Iterator[Any]:
    """Build once and tell what each node came to. With nothing new, everything stands as it is."""
    opened = night.opened
    if not needs_build(opened):
        yield from _standing(context, opened)
        return
    try:
        build_step(opened)
    except BuildError as error:
        yield from _results(context, opened.built)
        raise dg.Failure(description=str(error), allow_retries=False) from error
    yield from _results(context, opened.built)


def _standing(context: dg.AssetExecutionContext, night: Night) -> Iterator[dg.MaterializeResult]:
    metadata = {"needs_build": False, "release_id": night.release_id or "", "outcome": night.outcome}
    for key in sorted(context.selected_asset_keys):
        yield dg.MaterializeResult(asset_key=key, metadata=metadata)


def _results(context: dg.AssetExecutionContext, built: BuildResult | None) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    for node in built.nodes if built else []:
        if node.kind in _BUILT:
            yield from _built(context, node)
        elif node.kind == "test":
            yield from _tested(context, node)


def _built(context: dg.AssetExecutionContext, node: Node) -> Iterator[dg.MaterializeResult]:
    key = node_key(MANIFEST["nodes"][node.unique_id])
    if node.status == "success" and key in context.selected_asset_keys:
        yield dg.MaterializeResult(
            asset_key=key, metadata={"needs_build": True, "seconds": round(node.seconds, 3), "message": node.message}
        )


def _tested(context: dg.AssetExecutionContext, node: Node) -> Iterator[dg.AssetCheckResult]:
    test = MANIFEST["nodes"][node.unique_id]
    home = _home_of_test(test)
    if home is None or node.status not in _EVALUATED:
        return
    key = node_key(MANIFEST["nodes"][home])
    if dg.AssetCheckKey(key, test["name"]) in context.selected_asset_check_keys:
        yield dg.AssetCheckResult(
            asset_key=key, check_name=test["name"], passed=node.status == "pass",
            severity=dg.AssetCheckSeverity.WARN if node.status == "warn" else dg.AssetCheckSeverity.ERROR,
            metadata={"failures": node.failures, "seconds": round(node.seconds, 3), "message": node.message},
        )
