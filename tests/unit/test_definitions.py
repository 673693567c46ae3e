"""Dagster's definitions load, and say what the architecture says: who depends on whom, what blocks, when the night starts."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines.contracts.source import load_sources
from pipelines.transform.build import BuildResult

OLD = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def load_definitions(data: Path) -> dg.Definitions:
    """The definitions; dbt's manifest is parsed into that data folder when they are loaded for the first time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARBON_DATA", str(data))
        patch.delenv("CARBON_CRON", raising=False)
        from pipelines.definitions import defs

    return defs


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    return load_definitions(tmp_path_factory.mktemp("definitions"))


@pytest.fixture(scope="module")
def graph(definitions: dg.Definitions) -> Any:
    return definitions.get_repository_def().asset_graph


@pytest.fixture(scope="module")
def checks(definitions: dg.Definitions) -> dict[tuple[str, str], dg.AssetCheckSpec]:
    found = definitions.resolve_all_asset_specs()
    assert found
    specs = [spec for assets in definitions.assets or [] if isinstance(assets, dg.AssetsDefinition) for spec in assets.check_specs]
    return {(spec.asset_key.to_user_string(), spec.name): spec for spec in specs}


def _parents(graph: Any, key: dg.AssetKey) -> set[str]:
    return {parent.to_user_string() for parent in graph.get(key).parent_keys}


def test_every_source_has_an_asset_and_a_check_that_never_blocks(graph: Any, checks: dict) -> None:
    for source in load_sources().values():
        key = dg.AssetKey(["validated", source.name])
        assert graph.get(key).is_materializable
        assert not checks[f"validated/{source.name}", "verdicts"].blocking
        monthly = source.enterprise and source.slice == "month"
        assert ((f"validated/{source.name}", "on_time") in checks) is monthly


def test_decisions_and_the_register_are_judged_before_what_they_concern(graph: Any) -> None:
    for source in load_sources().values():
        wanted = {"raw/deliveries"}
        if source.name != "steward_decision":
            wanted.add("validated/steward_decision")
        if source.enterprise and source.name != "enterprise_register":
            wanted.add("validated/enterprise_register")
        assert _parents(graph, dg.AssetKey(["validated", source.name])) == wanted


def test_every_dbt_node_is_an_asset_and_every_test_is_in_a_check(graph: Any, checks: dict) -> None:
    from pipelines.defs.transform import NODES, check_key, node_key

    known = {key.to_user_string() for key in graph.get_all_asset_keys()}
    tests = [node for node in NODES.values() if node["resource_type"] == "test"]
    assert {node_key(n).to_user_string() for n in NODES.values() if n["resource_type"] in ("model", "seed")} <= known
    assert tests
    for test in tests:
        check = check_key(test)
        assert check is not None, test["name"]
        spec = checks[check.asset_key.to_user_string(), check.name]
        assert test["name"] in spec.metadata["tests"]
        assert spec.blocking is (str(test["config"].get("severity")).lower() != "warn")


def test_staging_hangs_on_the_validated_source_and_nothing_else_comes_from_outside(graph: Any) -> None:
    for source in load_sources():
        staging = dg.AssetKey(["staging", f"stg_{source}"])
        if staging in graph.get_all_asset_keys():
            assert f"validated/{source}" in _parents(graph, staging)
    assert [key for key in graph.get_all_asset_keys() if not graph.get(key).is_materializable] == [dg.AssetKey(["registry", "nights"])]
    assert {f"validated/{source}" for source in load_sources()} <= _parents(graph, dg.AssetKey(["registry", "verdicts"]))


def test_the_release_hangs_on_every_mart_and_its_checks_block(graph: Any, checks: dict) -> None:
    marts = {key.to_user_string() for key in graph.get_all_asset_keys() if graph.get(key).group_name == "marts"}
    assert {"marts/fct_total_year", "quality/batch", "reference/division"} <= marts
    assert _parents(graph, dg.AssetKey(["published", "release"])) == marts
    for name in ("conservation", "contract", "release_verified"):
        assert checks["published/release", name].blocking


def test_the_job_is_the_whole_graph_in_one_process(definitions: dg.Definitions, graph: Any) -> None:
    job = definitions.resolve_job_def("nightly")
    assert job.executor_def.name == "in_process"
    assert set(job.asset_layer.executable_asset_keys) == set(graph.materializable_asset_keys)


def test_the_schedule_is_two_o_clock_in_shanghai_and_its_day_is_the_knowledge_date(definitions: dg.Definitions) -> None:
    schedule = definitions.resolve_schedule_def("every_night")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 2 * * *", "Asia/Shanghai")
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    tick = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)   # 02:00 on the 23rd in Shanghai
    with dg.DagsterInstance.ephemeral() as instance:
        done = schedule.evaluate_tick(dg.build_schedule_context(instance, tick))
    (request,) = done.run_requests or []
    assert request.run_config["resources"]["night"]["config"]["as_of"] == "2026-11-23"


def test_the_sensor_is_off_and_asks_once_for_each_state_of_the_inbox(
    definitions: dg.Definitions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sensor = definitions.resolve_sensor_def("inbox_changed")
    assert sensor.default_status == dg.DefaultSensorStatus.STOPPED
    monkeypatch.setenv("CARBON_INBOX", str(tmp_path))
    with dg.DagsterInstance.ephemeral() as instance:
        def tick(cursor: str | None) -> Any:
            return sensor.evaluate_tick(dg.build_sensor_context(instance, cursor=cursor))

        assert not tick(None).run_requests
        file = tmp_path / "enterprise_energy" / "a.csv"
        file.parent.mkdir()
        file.write_text("x")
        assert not tick(None).run_requests, "it is still being written"
        os.utime(file, (OLD, OLD))
        first = tick(None)
        assert len(first.run_requests or []) == 1
        assert not tick(first.cursor).run_requests
        (file.parent / ".b.csv.part").write_text("x")
        assert not tick(first.cursor).run_requests
        sidecar = file.with_name("a.csv.meta.yml")
        sidecar.write_text("synthetic: true")
        os.utime(sidecar, (OLD, OLD))
        assert len(tick(first.cursor).run_requests or []) == 1, "a corrected sidecar is something new"
        monkeypatch.setenv("CARBON_INBOX", str(tmp_path / "nowhere"))
        assert "nowhere" in (tick(None).skip_message or ""), "a missing inbox is said"


def test_nights_of_the_command_line_are_told_once_and_a_bad_one_fails_its_check(
    definitions: dg.Definitions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.defs.nights import night_ended_well
    from pipelines.settings import load_settings
    from pipelines.warehouse.registry import Registry
    from tests.unit.test_nights import run

    sensor = definitions.resolve_sensor_def("nights_seen")
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    monkeypatch.setenv("CARBON_DATA", str(tmp_path))
    repository = definitions.get_repository_def()

    def tick(cursor: str | None) -> Any:
        with dg.DagsterInstance.ephemeral() as instance:
            return sensor.evaluate_tick(dg.build_sensor_context(instance, cursor=cursor, repository_def=repository))

    def bad() -> list[bool]:
        return [not event.passed for event in told.asset_events if isinstance(event, dg.AssetCheckEvaluation)]

    def named() -> set[str]:
        return {event.asset_key.to_user_string() for event in told.asset_events if isinstance(event, dg.AssetMaterialization)}

    assert not tick(None).asset_events
    registry = Registry(load_settings().registry)
    registry.end_night(run("2026-06-28T02:00:00+08:00", outcome="failed", exit_status=1, reason_zh="磁盘已满", reason_en="the disk is full"))
    told = tick(None)
    assert (bad(), named()) == ([True], {"registry/nights"})
    assert "the disk is full" in told.asset_events[0].description
    first = night_ended_well()
    assert isinstance(first, dg.AssetCheckResult) and not first.passed
    registry.end_night(run("2026-06-29T02:00:00+08:00", outcome="published", exit_status=0))
    registry.end_night(run("2026-06-30T02:00:00+08:00", outcome="published", exit_status=0, how="dagster"))
    cursor = told.cursor
    told = tick(cursor)
    assert bad() == [False, False]
    assert {"registry/nights", "raw/deliveries", "registry/verdicts", "published/release", "validated/enterprise_energy"} <= named()
    assert not tick(told.cursor).asset_events
    registry.begin_night(run("2026-07-01T02:00:00+08:00"))   # its process is gone: nobody holds the lock
    registry.close()
    told = tick(told.cursor)
    assert (bad(), named()) == ([True], {"registry/nights"})


def test_runs_past_their_keeping_are_removed(tmp_path: Path) -> None:
    from dataclasses import replace
    from datetime import timedelta

    from pipelines.defs.history import remove_old_runs
    from pipelines.settings import load_settings

    @dg.job
    def nothing() -> None: ...

    settings = replace(load_settings(data=tmp_path), keep_run_days=7)
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        done = nothing.execute_in_process(instance=instance)
        under_way = instance.create_run_for_job(nothing, status=dg.DagsterRunStatus.STARTED)
        later = replace(settings, started=settings.started + timedelta(days=6))
        assert remove_old_runs(instance, later) == []
        later = replace(settings, started=settings.started + timedelta(days=8))
        assert remove_old_runs(instance, later) == [done.run_id]
        assert [run.run_id for run in instance.get_runs()] == [under_way.run_id]


def test_the_hour_of_the_night_is_a_setting() -> None:
    import subprocess
    import sys

    code = "from pipelines.defs.schedules import every_night; assert every_night.cron_schedule == '30 3 * * *'"
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "CARBON_CRON": "30 3 * * *"}, check=True, timeout=120)


def test_loading_touches_nothing_but_the_manifest(tmp_path: Path) -> None:
    """In a process of its own: what is loaded by now is loaded."""
    import subprocess
    import sys

    code = "import pipelines.definitions, sys; assert 'great_expectations' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "CARBON_DATA": str(tmp_path)}, check=True, timeout=120)
    assert {path.relative_to(tmp_path).parts[:2] for path in tmp_path.rglob("*") if path.is_file()} == {("warehouse", "dagster")}


def test_the_manifest_is_parsed_again_only_when_the_project_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.defs import manifest
    from pipelines.settings import load_settings

    project, parsed = tmp_path / "project", []
    (project / "models").mkdir(parents=True)
    (project / "models" / "a.sql").write_text("select 1")

    def parse(target: Path) -> BuildResult:
        parsed.append(target)
        (target / "manifest.json").write_text("{}")
        return BuildResult()

    monkeypatch.setattr(manifest, "PROJECT_DIR", project)
    monkeypatch.setattr(manifest, "parse", parse)
    settings = load_settings(data=tmp_path / "data")
    first = manifest.ensure_manifest(settings)
    assert manifest.ensure_manifest(settings) == first
    assert len(parsed) == 1
    (project / "models" / "a.sql").write_text("select 2")
    second = manifest.ensure_manifest(settings)
    assert second != first
    assert second.exists()
    assert not first.exists()
    monkeypatch.setattr(manifest, "parse", lambda target: BuildResult(error="no such macro"))
    (project / "models" / "a.sql").write_text("select 3")
    with pytest.raises(manifest.ManifestError, match="no such macro"):
        manifest.ensure_manifest(settings)


@pytest.mark.parametrize(("day", "due"), [
    (date(2026, 3, 20), date(2026, 1, 1)), (date(2026, 3, 21), date(2026, 2, 1)),
    (date(2026, 1, 5), date(2025, 11, 1)), (date(2026, 1, 31), date(2025, 12, 1)),
])
def test_a_month_is_due_after_the_twentieth_of_the_next(day: date, due: date) -> None:
    from pipelines.defs.freshness import due_month

    assert due_month(day) == due


def test_an_operators_dagster_yaml_stands(tmp_path: Path) -> None:
    from pipelines.defs.serve import write_home

    config = write_home(tmp_path / "home") / "dagster.yaml"
    assert "max_concurrent_runs: 1" in config.read_text()
    config.write_text("telemetry: {enabled: false}\n")
    write_home(tmp_path / "home")
    assert config.read_text() == "telemetry: {enabled: false}\n"
