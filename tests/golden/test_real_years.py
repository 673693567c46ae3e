"""Guizhou 2007-2014 from the balances that come with the project: inventory, views, trend, drivers, grid, worked by hand in real_years.md."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import yaml

from pipelines.settings import PROJECT
from tests.conftest import build_tables_here, query

PUBLISHED = PROJECT / "data" / "raw" / "published"
RECOVERED = range(2008, 2015)
TABLES = ("fct_inventory_year", "fct_inventory_trend_year", "fct_statistic_check", "fct_balance_check", "assert_inventory_conserves_activity")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("real_years")
    (root / "inbox").mkdir()
    database, held_back = build_tables_here(root / "inbox", root / "data", *TABLES)
    assert held_back == []
    return database


@pytest.mark.parametrize("year", RECOVERED)
def test_recovered_tables_say_what_they_are(year: int) -> None:
    said = yaml.safe_load((PUBLISHED / "energy_balance" / f"guizhou_{year}.csv.meta.yml").read_text("utf-8"))
    assert (said["confidence"], said["synthetic"], str(said["document_date"])) == ("B", False, f"{year + 1}-12-31")
    assert "由标准量还原" in said["document"] and "three digits" in said["note"]


def test_every_cell_of_every_year_counts(built: Path) -> None:
    cells = {}
    for year in range(2007, 2015):
        with (PUBLISHED / "energy_balance" / f"guizhou_{year}.csv").open(encoding="utf-8") as handle:
            cells[year] = sum(1 for _ in csv.DictReader(handle))
    found = query(built, "select year, count(*) from intermediate.int_inventory__balance_cell where division_code = '520000' and not is_synthetic group by year")
    assert dict(found) == cells


def test_identities_are_asked_of_what_a_table_carries(built: Path) -> None:
    """2013: 492.70 + 1185.40 - 500.08 = 1178.02 against 1054.00 + 74.02 = 1128.02, 50.00 apart as recovered; no other year has a gap."""
    found = query(built, "select year(period), item, indicator, round(expected / 1e5, 2), round(found / 1e5, 2) from marts.fct_statistic_check"
                  " where check_id = 'Q01-balance-identity' and year(period) > 2007")
    assert found == [(2013, "grid:electricity", "电力", 1178.02, 1128.02)]
    asked = query(built, "select distinct year from marts.fct_balance_check where identity = 'balance_difference' order by 1")
    assert asked == [(2007,)]


def test_a_step_between_two_yearbooks_is_shown(built: Path) -> None:
    """From 2011 petroleum coke has a column of its own: 47.09 after 2.00, other petroleum 0.89 after 42.39 (1e4 t)."""
    found = query(built, "select indicator, expected, found from marts.fct_statistic_check where check_id = 'Q10-balance-year-before' order by 1")
    assert found == [("其他石油制品", 423_900.0, 8_900.0), ("石油焦", 20_000.0, 470_900.0)]


def test_eight_real_years_stand_in_the_trend(built: Path) -> None:
    rows = query(built, "select year, verdict, is_synthetic from marts.fct_inventory_trend_year where factor_set = 'ceads_uniform' and fuel = 'fuels_total'"
                 " and computed_mtco2 is not null order by 1")
    assert rows == [(year, "agrees", False) for year in range(2007, 2015)]
