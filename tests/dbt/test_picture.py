"""The pictures of docs/architecture.md are what the imports and the manifest say."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.transform.build import parse
from pipelines.transform.floors import Project, read_manifest
from pipelines.transform.picture import DOCUMENT, drawn, floors, packages


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    target: Path = tmp_path_factory.mktemp("dbt")
    assert parse(target).ok
    return Project(read_manifest(target))


def test_the_pictures_are_drawn_from_what_is_there(project: Project) -> None:
    text = DOCUMENT.read_text("utf-8")
    assert drawn(text, project) == text, "run make picture"
    assert "gate --> ingest" in packages() and "cli --> ingest" not in packages(), "what follows from other arrows is left out"
    assert floors(project).count("subgraph") == len(project.floors())
