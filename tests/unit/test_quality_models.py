"""The quality models list sources by name: a source that is added must be added there too."""

from __future__ import annotations

import re

from pipelines.contracts.source import load_sources
from pipelines.settings import PROJECT

MODELS = PROJECT / "dbt_project" / "models"


def test_every_source_with_a_quantity_is_counted() -> None:
    text = (MODELS / "staging" / "registry" / "stg_registry__later_quantity.sql").read_text("utf-8")
    listed = dict(re.findall(r"\('(\w+)', '(\w+)'\),", text))
    assert listed == {name: source.quantity for name, source in load_sources().items() if source.quantity}


def test_conflicts_of_every_source_are_findings() -> None:
    text = (MODELS / "intermediate" / "quality" / "int_quality__finding.sql").read_text("utf-8")
    listed = re.findall(r"\('int_\w+', '(\w+)', ", text)
    assert sorted(listed) == sorted(load_sources())
