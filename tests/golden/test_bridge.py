"""The reconciliation bridge worked by hand in bridge.md, equal to the kilogram; and its allocation to cities."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.publish.identities import bridge_failures
from tests.conftest import build_tables_here, query
from tests.golden.bridge import ALLOCATED, EXPECTED, deliver_bridge


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("bridge")
    deliver_bridge(root / "inbox")
    database, held_back = build_tables_here(
        root / "inbox", root / "data", "fct_city_year", "fct_reconciliation_year", "fct_reconciliation_allocation_year",
        "fct_total_year", "fct_inventory_year", "int_rule__reconciliation",
        "fct_source_overlap_year", "fct_double_counting_year",
    )
    assert held_back == [], [j.reason_en for j in held_back]
    return database


def test_every_figure_stands_in_the_working() -> None:
    working = (Path(__file__).parent / "bridge.md").read_text("utf-8")
    figures = {figure for figure, _ in EXPECTED.values()} | set(ALLOCATED.values())
    assert {figure for figure in figures if figure not in working} == set()


def test_golden_bridge(ledger: Path) -> None:
    rows = query(ledger, "select cause, tco2e, basis from marts.fct_reconciliation_year where division_code = '520000' and year = 2020")
    assert {cause: (str(tco2e), basis) for cause, tco2e, basis in rows} == EXPECTED
    gate = query(ledger, "select gate, unexplained_share_num, unexplained_share_den from marts.fct_reconciliation_year"
                         " where division_code = '520000' and year = 2020 and cause = 'unexplained'")
    assert gate == [("refused", Decimal("9838.971"), Decimal("40109.480"))]
    told = "select check_id, source, reported_value, other_value, what_en from intermediate.int_rule__reconciliation order by 1"
    assert query(ledger, told) == [
        ("B01-unexplained-share", "energy_balance", "24.53", "2020 520000", "the year cannot be final"),
        ("B02-large-cause", "energy_balance", "11.73", "2020 520000", "Gas scope and GWP set -11.73 %"),
    ]


def test_golden_bridge_of_a_city(ledger: Path) -> None:
    """What is allocated to the kilogram, a city with a balance of its own beside what the keys would have given it."""
    rows = query(ledger, "select division_code, part, tco2e from marts.fct_reconciliation_allocation_year where year = 2020")
    found = {(division, part): str(tco2e) for division, part, tco2e in rows}
    assert {place: found[place] for place in ALLOCATED} == ALLOCATED
    city = "select total_tco2e, by_key_total_tco2e is null, evidence from marts.fct_city_year where year = 2020 and division_code = ?"
    assert query(ledger, city, "522700") == [(Decimal("340.875"), False, "own_balance")]
    own = query(ledger, "select tco2e, by_key_tco2e from marts.fct_reconciliation_year where year = 2020"
                        " and division_code = '522700' and cause = 'non_industrial'")
    assert own == [(Decimal("340.875"), Decimal("278.692"))]


def test_real_and_synthetic_never_share_a_bridge(ledger: Path) -> None:
    """The real balance of 2007 has no accounts: it opens at zero, and a zero for lack of data says so."""
    rows = dict(query(ledger, "select cause, basis from marts.fct_reconciliation_year where division_code = '520000' and year = 2007"
                              " and not is_synthetic and (cause = 'top_down_total' or tco2e = 0)"))
    assert rows["accounts_total"] == rows["not_reported"] == rows["factor_set"] == "no_data"
    assert rows["top_down_total"] == "computed"
    cities = query(ledger, "select distinct evidence, total_tco2e from marts.fct_city_year where year = 2007 and level = 'prefecture'")
    assert cities == [("incomplete", None)]


def test_any_precedence_of_sources_stays_inside_the_declared_overlap(ledger: Path) -> None:
    """Months count where a year is delivered too; the year would make the highest total."""
    rows = query(ledger, "select direct_tco2e, lowest_tco2e, highest_tco2e from marts.fct_source_overlap_year where year = 2022 and level = 'province'")
    assert rows == [(Decimal("3715.092"), Decimal("3715.092"), Decimal("4024.683"))]


def test_what_is_removed_is_shown(ledger: Path) -> None:
    rows = query(ledger, "select year, overlap, counted_in, state, tco2e from marts.fct_double_counting_year where overlap <> 'purchased_power' order by 1")
    assert rows == [(2022, "month_and_year", "months", "removed", Decimal("4024.683"))]


def test_a_year_that_lacks_reports_is_provisional(ledger: Path) -> None:
    """Raw coal without parameters: one row, 100 t x 1.704375874; nobody has delivered every month."""
    rows = query(ledger, "select status, status_reason, held_back_rows, held_back_tco2e, held_back_unknown_rows from marts.fct_total_year"
                         " where level = 'province' and year(period) = 2020")
    assert rows == [("provisional", "reports_missing", 1, Decimal("170.438"), 0)]


def test_identities_of_the_bridge_hold(ledger: Path) -> None:
    assert bridge_failures(ledger) == []
