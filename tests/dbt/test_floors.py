"""The dbt project keeps its floors: what `make check` says of its manifest, and that it says it of whatever breaks them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.settings import PROJECT
from pipelines.transform.build import parse
from pipelines.transform.floors import DEEPEST, Project, faults, read_manifest

SEEDS = PROJECT / "dbt_project" / "seeds"


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    target = tmp_path_factory.mktemp("dbt")
    outcome = parse(target)
    assert outcome.ok, outcome.error
    return read_manifest(target)


def test_the_project_keeps_to_all_of_it(manifest: dict[str, Any]) -> None:
    assert [str(fault) for fault in faults(manifest, SEEDS)] == []


def test_every_folder_stands_on_a_floor_and_the_graph_is_no_deeper_than_it_may(manifest: dict[str, Any]) -> None:
    project = Project(manifest)
    placed = [folder for floor in project.floors() for folder in floor]
    assert sorted(placed) == sorted({model.folder for model in project.models.values()})
    height = {folder: number for number, floor in enumerate(project.floors()) for folder in floor}
    assert all(height[read] < height[reader] for read, reader in project.edges())
    assert max(map(project.depth, project.models)) <= DEEPEST


def test_the_verdict_on_a_batch_rests_on_the_gate_alone(manifest: dict[str, Any]) -> None:
    project, reached, new = Project(manifest), set(), {"batch"}
    while new:
        new = {parent for name in new for parent in project.models[name].parents} - reached
        reached |= new
    assert reached == {"int_delivery__batch", "stg_registry__batch", "stg_registry__finding", "stg_registry__later_quantity"}


def test_pages_and_commands_say_which_tables_they_read(manifest: dict[str, Any]) -> None:
    exposed = {name for e in manifest["exposures"].values() for name in (parent.rsplit(".", 1)[1] for parent in e["depends_on"]["nodes"])}
    models = Project(manifest).models
    code = "\n".join(path.read_text("utf-8") for path in sorted((PROJECT / "pipelines").rglob("*.py")))
    named = set(re.findall(r"\b(?:marts|quality|reference|intermediate)\.([a-z_]+)", code)) & set(models)
    assert len(named) > 20
    assert named - exposed == set(), "a table that Python reads: name it in models/exposures.yml"
    assert len(manifest["exposures"]) == len({e["label"] for e in manifest["exposures"].values()})


def small(*models: tuple[str, str, tuple[str, ...]], described: bool = True, tested: bool = True, **seeds: dict[str, Any]) -> dict[str, Any]:
    """A manifest of models (folder, name, what they read) and seeds with their meta."""
    nodes: dict[str, Any] = {}
    for folder, name, read in models:
        nodes[f"model.{name}"] = {
            "resource_type": "model", "unique_id": f"model.{name}", "name": name, "original_file_path": f"models/{folder}/{name}.sql",
            "description": "words" if described else " ", "depends_on": {"nodes": [r if r.startswith("source.") else f"model.{r}" for r in read]},
        }
        if tested:
            nodes[f"test.{name}"] = {"resource_type": "test", "attached_node": f"model.{name}", "depends_on": {"nodes": []}}
    for name, meta in seeds.items():
        nodes[f"seed.{name}"] = {
            "resource_type": "seed", "unique_id": f"seed.{name}", "name": name, "original_file_path": f"seeds/{name}.csv", "config": {"meta": meta},
        }
    return {"nodes": nodes, "unit_tests": {}}


def said(manifest: dict[str, Any], seeds: Path = SEEDS) -> list[str]:
    return [fault.en for fault in faults(manifest, seeds)]


GROUND = ("staging/sales", "stg_sales", ("source.lake",))


def test_what_is_in_order_says_nothing() -> None:
    assert said(small(GROUND, ("intermediate/current", "int_current__sales", ("stg_sales",)), ("marts/totals", "fct_sales", ("int_current__sales",)))) == []


def test_a_model_in_the_wrong_folder() -> None:
    assert said(small(GROUND, ("intermediate/rule", "int_current__sales", ("stg_sales",)))) == [
        "dbt_project/models/intermediate/rule/int_current__sales.sql: the name of a model begins with its folder (int_rule__...): "
        "rename it, or move it to the folder that it names"
    ]
    assert said(small(("staging/energy", "stg_sales", ()))) != []


def test_layers_are_not_leapt() -> None:
    told = said(small(GROUND, ("intermediate/current", "int_current__sales", ("source.lake",)), ("marts/totals", "fct_sales", ("stg_sales",))))
    assert [line.split(": ")[1] for line in told] == [
        "only staging reads sources", "marts do not read staging (stg_sales)"
    ]


def test_folders_in_a_circle_are_named_with_the_fewest_reads_first() -> None:
    models = [
        ("intermediate/a", "int_a__one", ()), ("intermediate/b", "int_b__one", ("int_a__one",)), ("intermediate/b", "int_b__two", ("int_a__one",)),
        ("intermediate/a", "int_a__two", ("int_b__one",)), ("intermediate/c", "int_c__one", ("int_a__two",)),
    ]
    told = said(small(*models))
    assert len(told) == 2
    assert told[0].startswith("dbt_project/models/intermediate/a/int_a__two.sql: folders in a circle: intermediate/a reads intermediate/b")
    assert "int_b__one reads int_a__one; 2 in all" in told[1]


def test_a_way_that_is_too_long_is_told_once() -> None:
    names = [f"int_a__{number:02}" for number in range(DEEPEST + 2)]
    chain = [("intermediate/a", name, (names[i - 1],) if i else ()) for i, name in enumerate(names)]
    (told,) = said(small(*chain))
    assert told.startswith(f"dbt_project/models/intermediate/a/{names[DEEPEST]}.sql: {DEEPEST + 1} deep") and told.endswith(names[DEEPEST])


def test_models_without_words_or_tests() -> None:
    model = ("intermediate/a", "int_a__one", ())
    assert said(small(model, described=False)) == ["dbt_project/models/intermediate/a/int_a__one.yml: int_a__one has no description: write one"]
    assert "int_a__one: write one in the .yml" in said(small(model, tested=False))[0]
    assert said(small(("staging/sales", "stg_sales", ("source.lake",)), tested=False)) == []


def test_seeds_that_contradict_themselves_or_another(tmp_path: Path) -> None:
    (tmp_path / "fuel.csv").write_text("code,zh\ncoal,煤\noil,油\ncoal,原煤\n", "utf-8")
    (tmp_path / "spelling.csv").write_text("name,code\nSteinkohle,coal\nErdgas,gas\nnothing,\n", "utf-8")
    told = said(small(fuel={"key": ["code"]}, spelling={"key": ["name"], "refers_to": {"code": "fuel.code"}}, bare={}), _with(tmp_path, "bare"))
    assert told == [
        "dbt_project/seeds/fuel.csv row 4: code = coal stands in row 2 too: keep one of them",
        "dbt_project/seeds/spelling.csv row 3: code 'gas' is not in fuel.code: mend it, or add it there first",
        "dbt_project/seeds/bare.csv: it has no key: write meta.key in _seeds.yml",
    ]


def _with(folder: Path, name: str) -> Path:
    (folder / f"{name}.csv").write_text("a\n1\n", "utf-8")
    return folder


def test_make_check_ends_with_what_is_wrong(tmp_path: Path) -> None:
    project = tmp_path / "project"
    for part in ("pipelines", "dbt_project", "expectations"):
        shutil.copytree(PROJECT / part, project / part, ignore=shutil.ignore_patterns("__pycache__", "logs"))
    shutil.copy(PROJECT / "pyproject.toml", project)
    models = project / "dbt_project" / "models" / "intermediate"
    for ending in (".sql", ".yml"):
        (models / "meter" / f"int_meter__month{ending}").rename(models / "total" / f"int_meter__month{ending}")
    seed = project / "dbt_project" / "seeds" / "byproduct_gas.csv"
    seed.write_text(seed.read_text("utf-8") + "no_such_fuel,甲,a,b\n", "utf-8")
    done = subprocess.run([sys.executable, "-m", "pipelines.transform.build"], capture_output=True, text=True, timeout=300, cwd=project, check=False)
    assert done.returncode == 1
    assert "models/intermediate/total/int_meter__month.sql：模型名应以所在文件夹开头（int_total__…）" in done.stderr
    assert "byproduct_gas.csv row 8: fuel_code 'no_such_fuel' is not in fuel.fuel_code: mend it, or add it there first" in done.stderr
