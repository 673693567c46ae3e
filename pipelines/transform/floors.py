"""What the dbt project keeps to, read from its manifest: every model in its folder, folders on floors, seeds that agree. `make check` says what does not.

`python -m pipelines.transform.floors` prints the floors as they are.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.problem import Problem
from pipelines.settings import PROJECT

DEEPEST = 20             # models on the longest way from a delivery to a published table
LEAST_TESTED = 0.95      # of the models that compute
PROJECT_FOLDER = "dbt_project"
NIGHT = "stg_registry__night"   # the one row of the night's settings: any layer may ask for the knowledge date or the GWP set


@dataclass(frozen=True)
class Model:
    """One model of the manifest; `parents` are models, `reads_sources` says whether it reads deliveries or the registry itself."""

    name: str
    path: str
    description: str
    parents: tuple[str, ...]
    reads_sources: bool

    @property
    def layer(self) -> str:
        return PurePosixPath(self.path).parts[1]

    @property
    def folder(self) -> str:
        """The folder below models/: staging/<source>, intermediate/<topic>, marts/<audience>."""
        return PurePosixPath(self.path).relative_to("models").parent.as_posix()

    @property
    def file(self) -> str:
        return f"{PROJECT_FOLDER}/{self.path}"


class Project:
    """The models, tests and seeds of a manifest."""

    def __init__(self, manifest: dict[str, Any]) -> None:
        nodes = manifest["nodes"].values()
        models = [node for node in nodes if node["resource_type"] == "model"]
        names = {node["unique_id"]: node["name"] for node in models}
        self.models = {node["name"]: _model(node, names) for node in models}
        self.seeds = [node for node in nodes if node["resource_type"] == "seed"]
        self.tested = {names[parent] for parent in _tested(manifest) if parent in names}

    def depth(self, name: str) -> int:
        """How many models lie on the longest way that ends with this one."""
        return len(self.longest_way(name))

    def longest_way(self, name: str) -> tuple[str, ...]:
        return _longest_way(self, name)

    def edges(self) -> dict[tuple[str, str], list[tuple[str, str]]]:
        """From folder to folder: which model is read by which."""
        between: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
        for model in self.models.values():
            for parent in model.parents:
                if self.models[parent].folder != model.folder:
                    between[self.models[parent].folder, model.folder].append((parent, model.name))
        return between

    def floors(self) -> list[list[str]]:
        """The folders from the ground up: each reads only what lies below. Folders of a circle, and what rests on them, are left out."""
        below: dict[str, set[str]] = {model.folder: set() for model in self.models.values()}
        for read, reader in self.edges():
            below[reader].add(read)
        floors: list[list[str]] = []
        while ready := sorted(folder for folder, under in below.items() if not under):
            floors.append(ready)
            below = {folder: under - set(ready) for folder, under in below.items() if folder not in ready}
        return floors


@cache
def _longest_way(project: Project, name: str) -> tuple[str, ...]:
    ways = (_longest_way(project, parent) for parent in project.models[name].parents)
    return (*max(ways, key=lambda way: (len(way), way), default=()), name)


def _model(node: dict[str, Any], names: dict[str, str]) -> Model:
    read = node["depends_on"]["nodes"]
    return Model(
        node["name"], node["original_file_path"], node["description"].strip(), tuple(names[parent] for parent in read if parent in names),
        any(parent.startswith("source.") for parent in read),
    )


def _tested(manifest: dict[str, Any]) -> Iterator[str]:
    """What a data or unit test speaks of: the model that it stands with, or all that a test of its own file reads; what a constraint is enforced on."""
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test":
            yield from [node["attached_node"]] if node.get("attached_node") else node["depends_on"]["nodes"]
        elif node["resource_type"] == "model" and any(column.get("constraints") for column in node.get("columns", {}).values()):
            yield node["unique_id"]
    for test in manifest["unit_tests"].values():
        yield from test["depends_on"]["nodes"]


def faults(manifest: dict[str, Any], seeds: Path) -> list[Problem]:
    """All that the project does not keep to, each with the file and what to do."""
    project = Project(manifest)
    models = (*_misplaced(project), *_unread_layers(project), *_circles(project), *_too_deep(project), *_undescribed(project), *_untested(project))
    return [*models, *_seeds(project, seeds)]


def _misplaced(project: Project) -> Iterator[Problem]:
    for model in project.models.values():
        folder = PurePosixPath(model.folder).name
        prefixes = {"staging": (f"stg_{folder}__", f"stg_{folder}"), "intermediate": (f"int_{folder}__",)}.get(model.layer, ("",))
        if not (model.name == prefixes[-1] or model.name.startswith(prefixes[0])):
            yield Problem(
                f"{model.file}：模型名应以所在文件夹开头（{prefixes[0]}…）；请改名，或移到名称所指的文件夹",
                f"{model.file}: the name of a model begins with its folder ({prefixes[0]}...): rename it, or move it to the folder that it names",
            )


def _unread_layers(project: Project) -> Iterator[Problem]:
    for model in project.models.values():
        if model.layer != "staging" and model.reads_sources:
            yield Problem(
                f"{model.file}：只有 staging 读数据源；请读其 staging 模型（本夜参数用宏 night、of_night）",
                f"{model.file}: only staging reads sources: read the staging model (the night's settings by the macros night and of_night)",
            )
        for parent in model.parents:
            if model.layer == "marts" and project.models[parent].layer == "staging" and parent != NIGHT:
                yield Problem(
                    f"{model.file}：marts 不读 staging（{parent}）；请经 intermediate 的模型",
                    f"{model.file}: marts do not read staging ({parent}): go by a model of intermediate",
                )


def _circles(project: Project) -> Iterator[Problem]:
    stands = {folder for floor in project.floors() for folder in floor}
    edges = {pair: refs for pair, refs in project.edges().items() if not set(pair) & stands}
    for (read, reader), refs in sorted(edges.items(), key=lambda item: (len(item[1]), item[0])):
        if _leads(edges, reader, read):
            parent, child = sorted(refs)[0]
            yield Problem(
                f"{project.models[child].file}：文件夹成环，{reader} 读 {read}（{child} 读 {parent} 等 {len(refs)} 处），{read} 又读 {reader}；请移动其一",
                f"{project.models[child].file}: folders in a circle: {reader} reads {read} ({child} reads {parent}; {len(refs)} in all), and {read} "
                f"rests on {reader}: move one of them",
            )


def _leads(edges: Iterable[tuple[str, str]], start: str, end: str) -> bool:
    reached, new = {start}, {start}
    while new:
        new = {reader for read, reader in edges if read in new} - reached
        reached |= new
    return end in reached


def _too_deep(project: Project) -> Iterator[Problem]:
    for name in sorted(project.models):
        way = project.longest_way(name)
        if len(way) == DEEPEST + 1:   # what rests on it is deeper still: told once
            yield Problem(
                f"{project.models[name].file}：第 {len(way)} 层，最多 {DEEPEST} 层；请合并或改读更早的模型：{' > '.join(way)}",
                f"{project.models[name].file}: {len(way)} deep, {DEEPEST} at most: merge models on the way, or read earlier ones: {' > '.join(way)}",
            )


def _undescribed(project: Project) -> Iterator[Problem]:
    for model in project.models.values():
        if not model.description:
            home = PurePosixPath(model.file).with_suffix(".yml")
            yield Problem(f"{home}：{model.name} 没有说明；请写 description", f"{home}: {model.name} has no description: write one")


def _untested(project: Project) -> Iterator[Problem]:
    computing = [model for model in project.models.values() if model.layer != "staging"]
    without = sorted(model.name for model in computing if model.name not in project.tested)
    if len(without) > (1 - LEAST_TESTED) * len(computing):
        named = ", ".join(without)
        yield Problem(
            f"{len(without)} 个计算模型没有数据检验或单元检验，超过 {1 - LEAST_TESTED:.0%}：{named}；请在其 .yml 中写一个",
            f"{len(without)} models that compute have neither a data test nor a unit test, more than {1 - LEAST_TESTED:.0%}: {named}: write one in the .yml",
        )


def _seeds(project: Project, folder: Path) -> Iterator[Problem]:
    """Rows of a seed that say twice what its `meta.key` names, or that name what the seed of `meta.refers_to` does not have."""
    rows = {node["name"]: _rows(folder / PurePosixPath(node["original_file_path"]).name) for node in project.seeds}
    for node in project.seeds:
        name, meta = node["name"], node["config"]["meta"]
        file = f"{PROJECT_FOLDER}/seeds/{name}.csv"
        if "key" not in meta:
            yield Problem(f"{file}：没有键；请在 _seeds.yml 写 meta.key", f"{file}: it has no key: write meta.key in _seeds.yml")
        else:
            yield from _twice(file, rows[name], meta["key"])
        for column, target in meta.get("refers_to", {}).items():
            other, field = target.split(".")
            yield from _unknown(file, rows[name], column, target, {row[field] for row in rows[other]})


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _twice(file: str, rows: list[dict[str, str]], key: list[str]) -> Iterator[Problem]:
    first: dict[tuple[str, ...], int] = {}
    for number, row in enumerate(rows, start=2):
        value = tuple(row[column] for column in key)
        if value in first:
            said = f"{' + '.join(key)} = {' | '.join(value)}"
            yield Problem(
                f"{file} 第 {number} 行：{said} 与第 {first[value]} 行重复；请只留一行",
                f"{file} row {number}: {said} stands in row {first[value]} too: keep one of them",
            )
        first.setdefault(value, number)


def _unknown(file: str, rows: list[dict[str, str]], column: str, target: str, known: set[str]) -> Iterator[Problem]:
    for number, row in enumerate(rows, start=2):
        if row[column] and row[column] not in known:
            yield Problem(
                f"{file} 第 {number} 行：{column}“{row[column]}”不在 {target} 中；请改正，或先加到那里",
                f"{file} row {number}: {column} {row[column]!r} is not in {target}: mend it, or add it there first",
            )


def picture(project: Project) -> str:
    """The floors of the project, its depth and its tests, as text."""
    computing = [model for model in project.models.values() if model.layer != "staging"]
    deepest = max(project.models, key=lambda name: (project.depth(name), name))
    lines = [f"{number:>2}  {', '.join(floor)}" for number, floor in enumerate(project.floors(), start=1)]
    tested = sum(model.name in project.tested for model in computing)
    lines += [
        f"模型 models {len(project.models)}, 最深 depth {project.depth(deepest)}, 有检验的计算模型 computing models with a test {tested}/{len(computing)}",
        " > ".join(project.longest_way(deepest)),
    ]
    return "\n".join(lines)


def read_manifest(target: Path) -> dict[str, Any]:
    """The manifest that a parse left in a target folder."""
    manifest: dict[str, Any] = json.loads((target / "manifest.json").read_text("utf-8"))
    return manifest


if __name__ == "__main__":
    print(picture(Project(read_manifest(PROJECT / PROJECT_FOLDER / "target"))))
