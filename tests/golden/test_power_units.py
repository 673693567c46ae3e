"""Golden power units: worked by hand in power_units.md, equal to the kilogram."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import query, run_night_here
from tests.deliveries import deliver, register_row, uscc

PLANT = 60


def _units() -> list[dict]:
    def row(unit: str, period: str, unit_class: str, fuel_quantity: float, **more: object) -> dict:
        return {"uscc": uscc(PLANT), "unit_code": unit, "period": period, "unit_class": unit_class, "coal_t": fuel_quantity, **more}

    return [
        row("A", "2025-05", "coal_gt300", 1000, ncv_gj_per_t=20),
        row("B", "2025-05", "coal_le300", 1000, ncv_gj_per_t=20, carbon_tc_per_t=0.5236, oxidation_rate=98),
        row("C", "2022-05", "coal_gt300", 100_000, ncv_gj_per_t=21, carbon_tc_per_t=0.58, oxidation_rate=99, startup_oil_t=50,
            purchased_mwh=1000, capacity_mw=600, cooling="空冷", heat_ratio=0.1, generation_mwh=240_000, supply_mwh=225_000,
            heat_gj=200_000, hours=600),
        row("D", "2024-05", "coal_le300", 60_000, ncv_gj_per_t=20, carbon_tc_per_t=0.54, startup_oil_t=20, purchased_mwh=1000,
            capacity_mw=300, heat_ratio=0.2, generation_mwh=120_000, supply_mwh=112_000, heat_gj=250_000, hours=500),
        row("E", "2024-05", "gas", 2000, fuel="天然气", capacity_mw=200, generation_mwh=110_000, supply_mwh=107_000, hours=700),
        row("F", "2022-06", "coal_unconventional", 1000),
        row("G", "2024-05", "coal_gt300", 0, capacity_mw=600, generation_mwh=0, supply_mwh=0, hours=0),
        row("H", "2021-05", "coal_gt300", 50_000, ncv_gj_per_t=20, carbon_tc_per_t=0.5236, cooling="2", generation_mwh=100_000),
        row("I", "2022-05", "coal_gt300", 0, capacity_mw=600, hours=500, generation_mwh=246_000, supply_mwh=230_000),
        row("J", "2021-05", "coal_le300", 0, capacity_mw=300, hours=500, generation_mwh=115_500, supply_mwh=108_000),
        row("K", "2022-05", "coal_gt300", 0, capacity_mw=600, hours=500, generation_mwh=180_000, supply_mwh=168_000),
        row("L", "2024-05", "coal_le300", 0, capacity_mw=300, hours=500, generation_mwh=90_000),
        row("M", "2022-05", "coal_le300", 0, capacity_mw=300, generation_mwh=1100, supply_mwh=1000),
    ]


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("power_units")
    deliver(root / "inbox", "enterprise_register", "register.csv", [register_row(PLANT, "01-power", "4411", ets="是")])
    deliver(root / "inbox", "power_unit_month", "units.csv", _units())
    night = run_night_here(root / "inbox", root / "data")
    assert night.outcome == "published" and night.held_back == [], [j.reason_en for j in night.held_back]
    return root / "data" / "marts" / "carbon.duckdb"


# unit, column, expected
GOLDEN = [
    ("A", "emission_tco2e", "2239.710"), ("A", "benchmark", None), ("A", "allowance_t", None), ("A", "gap_t", None),
    ("B", "emission_tco2e", "1881.469"),
    ("C", "main_fuel_tco2e", "210540.000"), ("C", "startup_oil_tco2e", "154.795"), ("C", "purchased_power_tco2e", "570.300"),
    ("C", "emission_tco2e", "211265.095"), ("C", "allowance_t", "211031.629"), ("C", "gap_t", "233.466"),
    ("D", "main_fuel_tco2e", "117612.000"), ("D", "startup_oil_tco2e", "61.918"), ("D", "purchased_power_tco2e", "0.000"),
    ("D", "emission_tco2e", "117673.918"), ("D", "allowance_t", "122413.000"), ("D", "gap_t", "-4739.082"),
    ("E", "emission_tco2e", "43300.304"), ("E", "allowance_t", "36168.000"), ("E", "gap_t", "7132.304"),
    ("F", "emission_tco2e", "2990.013"), ("F", "allowance_t", None),
    ("G", "emission_tco2e", "0.000"), ("G", "allowance_t", "0.000"), ("G", "gap_t", "0.000"),
    ("H", "emission_tco2e", "95033.400"), ("H", "benchmark", "0.8218"), ("H", "allowance_t", None), ("H", "gap_t", None),
    ("I", "allowance_t", "188860.898"), ("J", "allowance_t", "95866.431"), ("K", "allowance_t", "145803.332"),
    ("L", "allowance_t", "73527.615"), ("M", "allowance_t", "872.900"),
]


@pytest.mark.parametrize(("unit", "column", "expected"), GOLDEN)
def test_golden_unit(units: Path, unit: str, column: str, expected: str | None) -> None:
    ((found,),) = query(units, f"select {column} from marts.fct_power_unit_month where unit_code = ?", unit)
    assert (found if found is None else Decimal(str(found))) == (None if expected is None else Decimal(expected))


def test_every_expected_figure_stands_in_the_working() -> None:
    working = (Path(__file__).parent / "power_units.md").read_text("utf-8").replace(" ", "")
    assert [f for *_, f in GOLDEN if f and Decimal(f) != 0 and f not in working] == []


@pytest.mark.parametrize(("unit", "basis", "benchmark", "allowance"), [
    ("A", "default", "none", "none"), ("B", "measured", "none", "none"), ("C", "measured", "confirmed", "unconfirmed"),
    ("D", "measured", "confirmed", "unconfirmed"), ("E", "default", "confirmed", "confirmed"), ("F", "default", "unconfirmed", "none"),
    ("G", "default", "unconfirmed", "unconfirmed"), ("H", "measured", "confirmed", "none"),
    ("I", "default", "confirmed", "unconfirmed"), ("L", "default", "confirmed", "unconfirmed"), ("M", "default", "confirmed", "unconfirmed"),
])
def test_what_the_figures_rest_on(units: Path, unit: str, basis: str, benchmark: str, allowance: str) -> None:
    rows = query(units, "select carbon_basis, benchmark_status, allowance_status from marts.fct_power_unit_month where unit_code = ?", unit)
    assert rows == [(basis, benchmark, allowance)]


def test_load_correction_only_where_it_applies(units: Path) -> None:
    rows = query(units, "select unit_code, load_coefficient, load_correction from marts.fct_power_unit_month where unit_code in"
                        " ('C', 'D', 'E', 'F', 'I', 'L', 'M') order by 1")
    assert rows == [("C", None, 1.0), ("D", "Fpeak", 1.0), ("E", None, 1.0), ("F", None, 1.0), ("I", "Ff", pytest.approx(1.0042)),
                    ("L", "Fpeak", pytest.approx(1.015)), ("M", "Ff", 1.0)]


def test_ratios_have_their_parts(units: Path) -> None:
    rows = query(units, "select unit_code, load_factor, load_factor_num, load_factor_den, intensity, intensity_num, intensity_den"
                        " from marts.fct_power_unit_month where unit_code in ('D', 'G') order by 1")
    assert rows == [
        ("D", 0.8, 120_000.0, 150_000.0, pytest.approx(117673.918 / 120_000), Decimal("117673.918"), 120_000.0),
        ("G", None, 0.0, 0.0, None, Decimal("0.000"), 0.0),
    ]


def test_factors_are_named(units: Path) -> None:
    rows = query(units, "select unit_code, fuel, fuel_factor_id, grid_factor_id, benchmark_factor_id from marts.fct_power_unit_month"
                        " where unit_code in ('A', 'C', 'E') order by 1")
    assert rows == [
        ("A", "coal", "reported:ncv_gj_per_t+fuel:cets-ag:coal_power_unmeasured:carbon_content+contract:oxidation=0.99", None, None),
        ("C", "coal", "reported:carbon_tc_per_t+reported:oxidation_rate", "grid:cets_reporting:000000:2022", "benchmark:power_supplied/coal_gt300:2022"),
        ("E", "natural_gas", "fuel:cets-ag:natural_gas:ncv+fuel:cets-ag:natural_gas:carbon_content+contract:oxidation=0.99", None,
         "benchmark:power_generated/gas:2024"),
    ]


def test_units_never_make_lines(units: Path) -> None:
    assert query(units, "select count(*) from marts.fct_enterprise_emission_line") == [(0,)]
    assert query(units, "select count(*) from marts.fct_enterprise_account_month") == [(0,)]
