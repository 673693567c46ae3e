"""The demo at its default size: a bridge whose causes are a few per cent each, plants and factors of the real order."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.demo import write_province
from tests.conftest import build_tables_here, query


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One whole year of 300 enterprises, known after its balance."""
    root = tmp_path_factory.mktemp("demo-bridge")
    write_province(root / "inbox", enterprises=300, months=12, until="2024-12", faults="none")
    database, held_back = build_tables_here(
        root / "inbox", root / "data", "fct_reconciliation_year", "fct_enterprise_account_year", "fct_grid_factor_year", "int_rule__reconciliation",
    )
    assert held_back == [], [j.reason_en for j in held_back]
    return database


def test_every_cause_is_below_a_tenth_of_the_total(province: Path) -> None:
    rows = dict(query(province, "select cause, tco2e from marts.fct_reconciliation_year where division_code = '520000' and year = 2024"))
    total = rows.pop("top_down_total")
    assert Decimal("170e6") < total < Decimal("230e6")
    assert Decimal("0.85") < rows.pop("accounts_total") / total < Decimal("1.25")
    assert {cause: tco2e for cause, tco2e in rows.items() if abs(tco2e) >= total / 10} == {}
    assert query(province, "select check_id, what_en from intermediate.int_rule__reconciliation") == []


def test_no_plant_is_above_the_largest_real_ones(province: Path) -> None:
    ((largest,),) = query(province, "select max(direct_tco2e) from marts.fct_enterprise_account_year where is_synthetic")
    assert Decimal("5e6") < largest < Decimal("12e6")


def test_a_mwh_of_thermal_power_emits_what_coal_plants_do(province: Path) -> None:
    rows = query(province, "select basis, thermal_factor, hold_code from marts.fct_grid_factor_year where area = '520000' and year(period) = 2024")
    assert {basis for basis, *_ in rows} == {"energy_balance", "grid_statistics"}
    assert [row for row in rows if not 0.8 <= row[1] <= 1.0 or row[2] is not None] == []
