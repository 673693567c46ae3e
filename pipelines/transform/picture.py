"""The two pictures of docs/architecture.md, drawn from the imports and from dbt's manifest (`make picture`); a test keeps them equal to both."""

from __future__ import annotations

import importlib
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from pipelines.settings import PROJECT
from pipelines.transform.build import parse
from pipelines.transform.floors import Project, read_manifest

DOCUMENT = PROJECT / "docs" / "architecture.md"
_ROOT = "pipelines"
_COMMANDS = ("cli", "night")   # modules of their own that the packages hang on


def packages() -> str:
    """Packages and who reads whom (dependencies that follow from others are left out), as a Mermaid flow chart."""
    import grimp

    graph = grimp.build_graph(_ROOT)
    folders = {path.parent.name for path in (PROJECT / _ROOT).glob("*/__init__.py")}
    edges = set()
    for module in graph.modules:
        for read in graph.find_modules_directly_imported_by(module):
            above, below = (name.split(".")[1] if "." in name else "" for name in (module, read))
            if above != below and {above, below} <= folders | set(_COMMANDS):
                edges.add((above, below))
    nodes = [f'  {name}["{name}<br/><small>{_sentence(name)}</small>"]' for name in sorted(folders | set(_COMMANDS))]
    return "\n".join(["flowchart TB", *nodes, *(f"  {above} --> {below}" for above, below in sorted(_reduced(edges)))])


def _sentence(name: str) -> str:
    said = (importlib.import_module(f"{_ROOT}.{name}").__doc__ or "").split("\n\n")[0].replace("\n", " ").strip()
    return said.split(". ")[0].rstrip(".").replace('"', "'").replace("`", "")


def _reduced(edges: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The edges that do not follow from longer ways."""
    below: dict[str, set[str]] = {}
    for above, read in edges:
        below.setdefault(above, set()).add(read)

    def reached(start: str) -> set[str]:
        found: set[str] = set()
        ahead = [start]
        while ahead:
            for read in below.get(ahead.pop(), ()):
                if read not in found:
                    found.add(read)
                    ahead.append(read)
        return found

    return {(above, read) for above, read in edges if not any(read in reached(other) for other in below[above] - {read})}


def floors(project: Project) -> str:
    """The folders of the dbt project from the ground up, as a Mermaid flow chart: each reads only floors below its own."""
    models = Counter(model.folder for model in project.models.values())
    lines = ["flowchart BT"]
    for number, floor in enumerate(project.floors(), start=1):
        lines += [f'  subgraph floor{number}["{number}"]', "    direction LR", *_boxes(floor, models), "  end"]
    lines += [f"  floor{number} --> floor{number + 1}" for number in range(1, len(project.floors()))]
    return "\n".join(lines)


def _boxes(floor: Iterable[str], models: Counter[str]) -> list[str]:
    staging = [folder for folder in floor if folder.startswith("staging/")]
    rest = [folder for folder in floor if not folder.startswith("staging/")]
    boxes = [f'    {folder.replace("/", "_")}["{PurePosixPath(folder).name} ({models[folder]})"]' for folder in rest]
    marts = [box for box, folder in zip(boxes, rest, strict=True) if folder.startswith("marts/")]
    if staging:
        boxes.append(f'    staging["staging ({sum(models[folder] for folder in staging)})"]')
    return [box.replace('["', '[("').replace('"]', '")]') if box in marts else box for box in boxes]


def drawn(text: str, project: Project) -> str:
    """The document with both pictures put between their marks."""
    for name, picture in (("packages", packages()), ("floors", floors(project))):
        begin, end = f"<!-- picture: {name}, drawn by `make picture` -->\n", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = f"{before}{begin}```mermaid\n{picture}\n```\n{end}{after}"
    return text


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        parse(Path(folder))
        project = Project(read_manifest(Path(folder)))
    DOCUMENT.write_text(drawn(DOCUMENT.read_text("utf-8"), project), "utf-8")


if __name__ == "__main__":
    main()
