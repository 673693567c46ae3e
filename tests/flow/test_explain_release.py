"""The lines of a real release and its totals: every cell is found again in the lines that say they count there."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.explain import explain_cell
from pipelines.publish.identities import LINE_CODES, TOTAL_MEASURES
from pipelines.settings import Settings
from tests.conftest import AS_OF, Release, query


@pytest.mark.parametrize("measure", list(TOTAL_MEASURES))
@pytest.mark.parametrize("level", list(LINE_CODES))
def test_lines_add_up_to_the_cells_of_every_level(release_db: Path, level: str, measure: str) -> None:
    how = TOTAL_MEASURES[measure]
    lines = query(release_db, f"""select {LINE_CODES[level]} as code, period, sum({how.amount}) as amount from marts.fct_enterprise_emission_line
        where period_grain = 'month' and {how.where} group by 1, 2 having amount <> 0 order by 1, 2""")
    cells = query(release_db, f"select code, period, {measure} from marts.fct_total_month where level = ? and {measure} <> 0 order by 1, 2", level)
    assert lines == cells and sum(amount for _, _, amount in cells) > 0


def test_levels_are_those_of_the_totals(release_db: Path) -> None:
    assert {level for level, in query(release_db, "select distinct level from marts.fct_total_month")} == set(LINE_CODES)


def test_cells_of_a_line_s_own_field_are_explained_to_the_kilogram(release: Release) -> None:
    """Waste is a matter of what a line is about, not of the name of its factor."""
    settings = Settings(release.inbox, release.data, date.fromisoformat(AS_OF))
    cells = query(release.database, "select code, period from marts.fct_total_month where level = 'field' and code in ('waste', 'industrial_processes') order by 1, 2")
    assert {code for code, _ in cells} == {"waste", "industrial_processes"}
    for code, period in cells:
        found = explain_cell(settings, "fct_total_month", "direct_tco2e", {"level": "field", "code": code, "period": str(period)}, top=1000)
        assert found.difference == 0 and sum((part.amount for part in found.contributions), Decimal(0)) == (found.value or 0), (code, period)
