"""The quality models list sources by name: a source that is added must be added there too."""

from __future__ import annotations

import re

from pipelines.contracts.source import load_sources
from pipelines.settings import PROJECT
from pipelines.warehouse.lake import slice_column

MODELS = PROJECT / "dbt_project" / "models"


def test_the_lake_is_counted_by_the_slices_and_quantities_of_the_contracts() -> None:
    text = (PROJECT / "dbt_project" / "macros" / "lake.sql").read_text("utf-8")
    entry = r"\{'name': '(\w+)', 'column': '?(\w+)'?, 'slice': '(\w+)', 'quantity': '?(\w+)'?(, 'bulk': true)?\},"
    listed = {name: (column, slice_, quantity, bool(bulk)) for name, column, slice_, quantity, bulk in re.findall(entry, text)}
    assert listed == {
        name: (slice_column(source) or "none", source.slice, source.quantity or "none", source.bulk) for name, source in load_sources().items()
    }


def test_conflicts_of_every_source_are_findings() -> None:
    text = (MODELS / "intermediate" / "finding" / "int_finding__on_current_view.sql").read_text("utf-8")
    listed = re.findall(r"\('int_\w+', '(\w+)', ", text)
    assert sorted(listed) == sorted(load_sources())
