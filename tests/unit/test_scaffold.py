"""`carbon new` writes whole skeletons or nothing: what it refuses, and where its lines go."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from pipelines.contracts.check import unreadable
from pipelines.problem import UsageProblem
from pipelines.scaffold.new import new_indicator, new_rule, new_source
from pipelines.settings import PROJECT
from pipelines.yaml_text import load_yaml


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What the skeletons add to, and two models to read."""
    for file in (
        "tests/gate/cases.yml", "dbt_project/seeds/deadline.csv", "dbt_project/seeds/quality_rule.csv", "pipelines/score/unplanted.yml",
        "pipelines/contracts/sources/carbon_sink.yml", "dbt_project/models/marts/registers/fct_carbon_sink_year.sql",
        "dbt_project/models/intermediate/current/int_current__carbon_sink.sql",
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / file, tmp_path / file)
    shutil.copytree(PROJECT / "expectations", tmp_path / "expectations")
    return tmp_path


def texts(project: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("ask", "said"), [
    (lambda p: new_source("carbon_sink", p), "int_current__carbon_sink.sql is there already, nothing was written"),
    (lambda p: new_source("Carbon-Sink", p), "a name is of small letters"),
    (lambda p: new_source("gas", p / "expectations"), "it is no folder of this project"),
    (lambda p: new_indicator("gas", "int_nothing", "registers", p), "there is no model int_nothing"),
    (lambda p: new_indicator("gas", "fct_carbon_sink_year", "gases", p), "there is no folder marts/gases: take one of registers"),
    (lambda p: new_rule("heat", p, source="carbon_sink"), "a rule is named like R93-heat-jump"),
    (lambda p: new_rule("R93-heat", p), "give either --source"),
    (lambda p: new_rule("R93-heat", p, source="gas"), "there is no source gas"),
    (lambda p: new_rule("R93-heat", p, reads="int_nothing"), "there is no model int_nothing"),
    (lambda p: new_rule("C17-sink-unit", p, source="carbon_sink"), r"carbon_sink.yml has C17-sink-unit already"),
    (lambda p: new_rule("R20-grid-sales", p, source="carbon_sink"), r"quality_rule.csv has R20-grid-sales already"),
    (lambda p: new_rule("L17-share", p, source="carbon_sink"), r"_reader.yml has L17-share already"),
    (lambda p: new_rule("F03-missing-required", p, source="carbon_sink"), r"_shared.yml has F03-missing-required already"),
])
def test_what_cannot_be_meant_is_refused_and_nothing_is_written(project: Path, ask, said: str) -> None:
    before = texts(project)
    with pytest.raises(UsageProblem, match=said):
        ask(project)
    assert texts(project) == before


def test_a_skeleton_is_whole_and_every_file_can_be_read(project: Path) -> None:
    skeletons = [
        new_source("gas", project), new_indicator("gas_year", "fct_carbon_sink_year", "registers", project),
        new_rule("R93-gas", project, source="gas"), new_rule("R94-gas", project, reads="fct_carbon_sink_year"),
    ]
    named = {project / file for skeleton in skeletons for file in (*skeleton.written, *skeleton.added_to)}
    assert all(path.is_file() for path in named) and len(named) > 12
    assert list(unreadable([path for path in named if path.suffix == ".yml"])) == []
    assert "$" not in "".join(path.read_text("utf-8") for path in named if path.suffix != ".csv") + "".join(map(str, skeletons))


def test_a_rule_of_the_gate_goes_into_its_suite_and_its_cases(project: Path) -> None:
    before = load_yaml((project / "tests/gate/cases.yml").read_text("utf-8"))
    for source in ("carbon_sink", "allowance", "energy_balance"):   # rules of its own; included ones only; a source without a case
        new_rule(f"R93-{source.replace('_', '-')}", project, source=source)
    after = load_yaml((project / "tests/gate/cases.yml").read_text("utf-8"))
    assert list(after) == list(before)
    for source in before:
        added = after[source]["cases"][len(before[source]["cases"]):]
        rules = load_yaml((project / f"expectations/{source}.yml").read_text("utf-8")).get("rules", [])
        assert [case["rule"] for case in added] == [rule["id"] for rule in rules if rule["id"].startswith("R93-")], source


def test_what_is_added_to_a_seed_has_its_columns(project: Path) -> None:
    new_source("gas", project)
    new_rule("R94-gas", project, reads="int_current__carbon_sink")
    for seed in ("deadline", "quality_rule"):
        with (project / f"dbt_project/seeds/{seed}.csv").open(encoding="utf-8", newline="") as handle:
            *_, last = csv.reader(handle)
            assert len(last) == len(next(csv.reader((project / f"dbt_project/seeds/{seed}.csv").open(encoding="utf-8"))))
