"""The job `nightly` in this process: the same release as the command line, and nothing published when something fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines.lock import night_lock
from pipelines.publish.problem import PublishError
from pipelines.transform.build import BuildResult, Node
from tests.conftest import AS_OF, Release, begin, value_hashes
from tests.unit.test_definitions import load_definitions

RELEASE = dg.AssetKey(["published", "release"])


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    return load_definitions(tmp_path_factory.mktemp("definitions"))


@pytest.fixture(scope="module")
def province_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of the nights over the province."""
    return tmp_path_factory.mktemp("by_dagster")


@pytest.fixture(scope="module")
def first_night(definitions: dg.Definitions, release: Release, province_data: Path) -> dg.ExecuteInProcessResult:
    return run_job(definitions, release.inbox, province_data)


def run_job(definitions: dg.Definitions, inbox: Path, data: Path) -> dg.ExecuteInProcessResult:
    from pipelines.defs.resources import NightResource

    inbox.mkdir(exist_ok=True)
    night = NightResource(inbox=str(inbox), data=str(data), as_of=AS_OF)
    with dg.DagsterInstance.ephemeral() as instance:
        return definitions.resolve_job_def("nightly").execute_in_process(
            instance=instance, run_config=dg.RunConfig(resources={"night": night}), raise_on_error=False
        )


def evaluations(result: dg.ExecuteInProcessResult) -> dict[tuple[str, str], Any]:
    return {(found.asset_key.to_user_string(), found.check_name): found for found in result.get_asset_check_evaluations()}


def materialized(result: dg.ExecuteInProcessResult) -> dict[dg.AssetKey, dict[str, Any]]:
    return {
        event.asset_key: {name: value.value for name, value in event.step_materialization_data.materialization.metadata.items()}
        for event in result.all_events if event.event_type_value == "ASSET_MATERIALIZATION" and event.asset_key
    }


def assert_lock_is_free(data: Path) -> None:
    with night_lock(data / "warehouse" / "night.lock", "test"):
        pass


def test_dagster_publishes_what_the_command_line_publishes(
    first_night: dg.ExecuteInProcessResult, release: Release, province_data: Path
) -> None:
    assert first_night.success
    assert value_hashes(province_data) == value_hashes(release.data)
    found = materialized(first_night)
    assert found[RELEASE]["release_id"] == release.summary["release_id"]
    assert found[RELEASE]["needs_build"] is True
    assert found[dg.AssetKey(["raw", "deliveries"])]["new_batches"] == release.summary["counts"]["new_batches"]
    assert_lock_is_free(province_data)


def test_checks_mirror_the_verdicts(first_night: dg.ExecuteInProcessResult, release: Release) -> None:
    found = evaluations(first_night)
    verdicts = {key[0]: check for key, check in found.items() if key[1] == "verdicts"}
    refused = sum(check.metadata["refused"].value for check in verdicts.values())
    in_part = sum(check.metadata["accepted_in_part"].value for check in verdicts.values())
    counts = release.summary["counts"]
    assert (refused, in_part) == (counts["refused"], counts["accepted_in_part"])
    assert refused
    for check in verdicts.values():
        held = check.metadata["refused"].value + check.metadata["accepted_in_part"].value
        assert check.passed is (held == 0)
        assert check.severity == dg.AssetCheckSeverity.WARN
        assert ("held_back" in check.metadata) is (held > 0)
    assert all(found["published/release", name].passed for name in ("conservation", "contract", "release_verified"))
    assert not [key for key, check in found.items() if not check.passed and check.severity == dg.AssetCheckSeverity.ERROR]


def test_a_second_night_does_nothing_and_says_so(
    definitions: dg.Definitions, first_night: dg.ExecuteInProcessResult, release: Release, province_data: Path
) -> None:
    assert first_night.success
    marts = province_data / "marts"
    before = {path: path.stat().st_mtime_ns for path in marts.rglob("*") if path.is_file()}
    result = run_job(definitions, release.inbox, province_data)
    assert result.success
    assert {path: path.stat().st_mtime_ns for path in marts.rglob("*") if path.is_file()} == before
    found = materialized(result)
    assert found.keys() == materialized(first_night).keys()
    assert found[RELEASE]["outcome"] == "nothing_new"
    assert found[RELEASE]["needs_build"] is False
    assert found[dg.AssetKey(["marts", "fct_total_year"])]["needs_build"] is False


def test_a_failing_test_is_shown_and_nothing_is_published(
    definitions: dg.Definitions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.defs.transform import NODES, check_key

    name, test = next((n, t) for n, t in NODES.items() if t["resource_type"] == "test" and not t.get("test_metadata"))
    failed = Node(name, test["name"], "test", "fail", "Got 2 results", 0.1, 2)
    begin(tmp_path / "data")
    monkeypatch.setattr("pipelines.night.build", lambda *_, **__: BuildResult([failed]))
    result = run_job(definitions, tmp_path / "inbox", tmp_path / "data")
    assert not result.success
    check = check_key(test)
    assert check is not None
    shown = evaluations(result)[check.asset_key.to_user_string(), check.name]
    assert (shown.passed, shown.severity, shown.blocking) == (False, dg.AssetCheckSeverity.ERROR, True)
    assert RELEASE not in materialized(result)
    assert not (tmp_path / "data" / "marts" / "release.json").exists()
    assert_lock_is_free(tmp_path / "data")


def test_broken_conservation_stops_the_release(
    definitions: dg.Definitions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(night: object) -> str:
        raise PublishError("恒等式不成立", "identity broken")

    begin(tmp_path / "data")
    monkeypatch.setattr("pipelines.night.build", lambda *_, **__: BuildResult())
    monkeypatch.setattr("pipelines.night.record_findings", lambda *_: None)   # nothing was built that could hold findings
    monkeypatch.setattr("pipelines.defs.transform._results", lambda context, _built: _all_nodes(context))
    monkeypatch.setattr("pipelines.defs.publish.publish_step", refuse)
    monkeypatch.setattr("pipelines.defs.publish.check_identities", lambda path: ["lines <> province: 2025-12, 0.001"])
    result = run_job(definitions, tmp_path / "inbox", tmp_path / "data")
    assert not result.success
    shown = evaluations(result)["published/release", "conservation"]
    assert (shown.passed, shown.severity, shown.blocking) == (False, dg.AssetCheckSeverity.ERROR, True)
    assert RELEASE not in materialized(result)
    assert_lock_is_free(tmp_path / "data")


def _all_nodes(context: dg.AssetExecutionContext) -> Any:
    from pipelines.defs.transform import _parents_first

    return (dg.MaterializeResult(asset_key=key) for key in _parents_first() if key in context.selected_asset_keys)


def test_a_night_that_runs_elsewhere_is_named(definitions: dg.Definitions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARBON_LOCK_WAIT_MINUTES", "0")
    with night_lock(tmp_path / "data" / "warehouse" / "night.lock", "elsewhere"):
        result = run_job(definitions, tmp_path / "inbox", tmp_path / "data")
    assert not result.success
    assert not materialized(result)
    assert any("another night is running" in str(event.event_specific_data) for event in result.all_events)
