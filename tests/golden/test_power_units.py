"""Golden figures of the carbon market, power units and industry (power_units.md) and, in the same night, the grid and city
targets that rest on them (grid_factors.md): worked by hand, equal to the kilogram."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import query
from tests.deliveries import deliver, register_row, uscc
from tests.golden.province import Golden

# what the figures below are looked up in
TABLES = ("fct_enterprise_emission_line", "fct_enterprise_account_month", "fct_enterprise_account_year", "fct_ets_industry_year", "fct_grid_factor_hour", "fct_grid_factor_month", "fct_grid_factor_year", "fct_power_unit_month", "fct_power_unit_year", "fct_target_verdict")

PLANT = 110
STEEL, CEMENT, WHITE, NDRC_STEEL, SMELTER, OUTSIDE = range(111, 117)

REGISTER = [
    register_row(PLANT, "01-power", "4411", ets="是"), register_row(STEEL, "03-steel", "3120", ets="是"),
    register_row(CEMENT, "08-cement", "3011", ets="是"), register_row(WHITE, "08-cement", "3011", ets="是"),
    register_row(NDRC_STEEL, "03-steel@ndrc", "3120", ets="是"), register_row(SMELTER, "05-aluminium", "3216", ets="是"),
    register_row(OUTSIDE, "08-cement", "3011"),
]
COAL = {"ncv": 20, "ncv_unit": "GJ/t", "carbon_content": 0.026, "carbon_content_unit": "tC/GJ", "oxidation_rate": 99}


def _row(number: int, period: str, **columns: object) -> dict:
    return {"uscc": uscc(number), "period": period, **columns}


ENERGY = [
    _row(STEEL, "2024-05", energy="焦炭", unit="t", consumed=1000),
    _row(STEEL, "2024-05", energy="高炉煤气", unit="1e4 Nm3", produced=100, consumed=100),
    _row(STEEL, "2025-05", energy="焦炭", unit="t", consumed=1000),
    *(_row(CEMENT, period, unit_code="K1", energy="一般烟煤", unit="t", consumed=100, **COAL) for period in ("2024-05", "2025-05")),
    *(_row(CEMENT, period, unit_code="GRIND", energy="柴油", unit="t", consumed=10) for period in ("2024-05", "2025-05")),
    _row(NDRC_STEEL, "2025-05", energy="焦炭", unit="t", consumed=100), _row(OUTSIDE, "2025-05", energy="柴油", unit="t", consumed=10),
]
PROCESS = [
    *(_row(CEMENT, period, unit_code="K1", role="参数", item="clinker_portland", quantity=1000, unit="t") for period in ("2024-05", "2025-05")),
    _row(WHITE, "2025-05", role="参数", item="clinker_white", quantity=1000, unit="t"),
    _row(SMELTER, "2025-05", role="参数", item="al_liquid", quantity=1000, unit="t"),
]
OUTPUT = [_row(STEEL, "2024-05", item="粗钢", quantity=0.1, unit="万吨"), _row(STEEL, "2025-05", item="粗钢", quantity=1000, unit="吨")]
BOUGHT = [_row(STEEL, "2024-05", carrier="电力", direction="购入", origin="电网", quantity=1000, unit="MWh")]
BALANCE = [
    {"factor_id": f"test:{item}", "kind": "benchmark", "item": item, "value": value, "unit": unit, "area": "000000", "data_year": 2025,
     "confidence": "B", "status": "confirmed", "document": "测试文件"}
    for item, value, unit in [("balance_value/cement", 0.8, "tCO2/t"), ("rate_slope/cement", 0.15, "1"),
                              ("balance_value/steel", 2.5, "tCO2/t"), ("rate_slope/steel", 0.15, "1")]
]


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
        row("N", "2022-08", "coal_le300", 0, capacity_mw=300, hours=500, generation_mwh=90_000, supply_mwh=85_000),
        row("N", "2022-09", "coal_le300", 0, capacity_mw=300, hours=500, generation_mwh=120_000, supply_mwh=113_000),
        row("H", "2021-05", "coal_gt300", 50_000, ncv_gj_per_t=20, carbon_tc_per_t=0.5236, cooling="2", generation_mwh=100_000),
        row("I", "2022-05", "coal_gt300", 0, capacity_mw=600, hours=500, generation_mwh=246_000, supply_mwh=230_000),
        row("J", "2021-05", "coal_le300", 0, capacity_mw=300, hours=500, generation_mwh=115_500, supply_mwh=108_000),
        row("K", "2022-05", "coal_gt300", 0, capacity_mw=600, hours=500, generation_mwh=180_000, supply_mwh=168_000),
        row("L", "2024-05", "coal_le300", 0, capacity_mw=300, hours=500, generation_mwh=90_000),
        row("M", "2022-05", "coal_le300", 0, capacity_mw=300, generation_mwh=1100, supply_mwh=1000),
    ]


def _grid_and_targets() -> dict[str, list[dict]]:
    def made(period: str, source: str, mwh: float, mw: float | None = None) -> dict:
        return {"area": "520000", "period": period, "source": source, "generation": mwh, "unit": "MWh", "capacity": mw, "capacity_unit": "MW"}

    def sent(sender: str, receiver: str, mwh: float) -> dict:
        return {"from_area": sender, "to_area": receiver, "period": "2024-05", "quantity": mwh / 10, "unit": "万千瓦时"}

    def sold(period: str, mwh: float) -> dict:
        return {"division_code": "520000", "indicator": "售电量", "period": period, "period_kind": "累计", "value": mwh / 10, "unit": "万千瓦时"}

    def seen(target: str, division: str, value: float) -> dict:
        return {"target_id": target, "division_code": division, "period": "2025", "value": value}

    prefectures = ["520100", "520200", "520300", "520400", "520500", "520600", "522300", "522600", "522700"]
    return {
        "grid_generation": [
            made("2024-05", "火电", 300_000, 600), made("2024-05", "水电", 200_000, 400), made("2024-05", "太阳能", 50_000, 250),
            made("2024-06", "火电", 100_000), made("2024-06", "水电", 300_000),
            made("2023-05", "火电", 100_000), made("2023-05", "水电", 100_000), made("2025-12", "太阳能", 1_000_000, 31_000),
            made("2024-05-01 10:00", "火电", 400), made("2024-05-01 10:00", "水电", 600),
        ],
        "grid_exchange": [sent("530000", "520000", 40_000), sent("520000", "440000", 100_000)],
        "sector_statistics": [sold("2024-04", 1_000_000), sold("2024-05", 1_455_700)],
        "target_observation": [
            *(seen("T05", code, 41 + place) for place, code in enumerate(prefectures)), seen("T06", "520100", 61), seen("T06", "520300", 59),
            *(seen("E06", code, 250 + 10 * place) for place, code in enumerate(prefectures)), seen("E06", "520000", 2600),
        ],
    }


OWN = f"uscc in ({', '.join(repr(row['uscc']) for row in REGISTER)})"   # the golden province has others


def deliver_to(inbox: Path) -> None:
    """Units, industry, grid and the targets that rest on them."""
    deliver(inbox, "enterprise_register", "register.csv", REGISTER)
    deliver(inbox, "enterprise_energy", "energy.csv", ENERGY)
    deliver(inbox, "enterprise_process", "process.csv", PROCESS)
    deliver(inbox, "enterprise_output", "output.csv", OUTPUT)
    deliver(inbox, "enterprise_power_heat", "power.csv", BOUGHT)
    deliver(inbox, "emission_factor", "balance.csv", BALANCE, "2026-03-01", synthetic=False)
    deliver(inbox, "power_unit_month", "units.csv", _units())
    for source, rows in _grid_and_targets().items():
        deliver(inbox, source, "grid.csv", rows)


@pytest.fixture(scope="module")
def units(golden: Golden) -> Path:
    assert golden.held_of("power_units") == [], golden.held
    return golden.database


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


def test_carbon_of_unconventional_units_is_unconfirmed_and_its_difference_shown(units: Path) -> None:
    # F: 2 770.002 - 2 990.013; A is conventional
    rows = query(units, "select unit_code, emission_tco2e, carbon_status, named_carbon_difference_t from marts.fct_power_unit_month where unit_code in ('A', 'B', 'F') order by 1")
    assert [row[2:] for row in rows] == [("confirmed", None), ("measured", None), ("unconfirmed", Decimal("-220.011"))]


def test_the_load_correction_is_that_of_the_year(units: Path) -> None:
    # N: 0.60 in August, 0.80 in September, 0.70 over both
    rows = query(units, "select months, load_factor, load_correction, allowance_t, monthly_allowance_t, load_difference_t, allowance_status, hold_code"
                        " from marts.fct_power_unit_year where unit_code = 'N'")
    assert rows == [(2, 0.7, pytest.approx(1.030225), Decimal("178058.114"), Decimal("178077.625"), Decimal("-19.511"), "unconfirmed", None)]
    provisional = query(units, "select unit_code, allowance_is_provisional from marts.fct_power_unit_month where unit_code in ('E', 'L') order by 1")
    assert provisional == [("E", False), ("L", True)]
    reasons = query(units, "select unit_code, allowance_hold_code from marts.fct_power_unit_month where unit_code in ('A', 'F', 'H', 'L') order by 1")
    assert reasons == [("A", "no_benchmark"), ("F", "no_supply"), ("H", "no_supply"), ("L", None)]


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
    assert query(units, "select count(*) from marts.fct_enterprise_emission_line where uscc = ?", uscc(PLANT)) == [(0,)]
    assert query(units, "select count(*) from marts.fct_enterprise_account_month where uscc = ?", uscc(PLANT)) == [(0,)]


# enterprise, year: direct, ETS scope, output, allowance, gap, rule, status
INDUSTRY = [
    (STEEL, 2024, "3854.144", "3854.144", 1000.0, "3854.144", "0.000", "verified", "confirmed"),
    (STEEL, 2025, "3067.378", "3067.378", 1000.0, "2975.357", "92.021", "rate", "unconfirmed"),
    (CEMENT, 2024, "754.719", "723.760", 1000.0, "723.760", "0.000", "verified", "confirmed"),
    (CEMENT, 2025, "754.719", "723.760", 1000.0, "734.106", "-10.346", "rate", "unconfirmed"),
    (WHITE, 2025, "550.000", "550.000", 1000.0, "550.000", "0.000", "verified", "confirmed"),
    (SMELTER, 2025, "1733.992", "1733.992", 1000.0, None, None, "rate", "none"),
]


@pytest.mark.parametrize(("number", "year", "direct", "scope", "output", "allowance", "gap", "rule", "status"), INDUSTRY)
def test_golden_industry(
    units: Path, number: int, year: int, direct: str, scope: str, output: float, allowance: str | None, gap: str | None, rule: str, status: str
) -> None:
    rows = query(units, "select direct_tco2e, ets_direct_tco2e, intensity_den, allowance_t, gap_t, allowance_rule, allowance_status, verified_basis"
                        " from marts.fct_ets_industry_year where uscc = ? and year(period) = ?", uscc(number), year)
    amounts = [None if x is None else Decimal(x) for x in (allowance, gap)]
    assert rows == [(Decimal(direct), Decimal(scope), output, *amounts, rule, status, "computed")]


def test_industry_figures_stand_in_the_working() -> None:
    working = (Path(__file__).parent / "power_units.md").read_text("utf-8").replace(" ", "")
    assert [f for row in INDUSTRY for f in row if isinstance(f, str) and f[0] in "-0123456789" and Decimal(f) != 0 and f not in working] == []


def test_the_rate_is_capped_and_the_intensity_has_its_parts(units: Path) -> None:
    rows = query(units, "select uscc, intensity, intensity_num, rate, output_source from marts.fct_ets_industry_year"
                        " where year(period) = 2025 and uscc in (?, ?) order by 1", uscc(STEEL), uscc(CEMENT))
    assert rows == [
        (uscc(STEEL), pytest.approx(3.067378), Decimal("3067.378"), -0.03, "enterprise_output"),
        (uscc(CEMENT), pytest.approx(0.72376), Decimal("723.760"), pytest.approx(0.014295), "enterprise_process"),
    ]


def test_an_account_of_another_guideline_has_no_allowance(units: Path) -> None:
    reasons = query(units, "select uscc, year(period), allowance_hold_code from marts.fct_ets_industry_year where allowance_t is null and " + OWN + " order by 1, 2")
    assert reasons == [(uscc(NDRC_STEEL), 2025, "not_ets_version"), (uscc(SMELTER), 2025, "no_balance_value")]
    rows = query(units, "select hold_code, allowance_t, allowance_status from marts.fct_ets_industry_year where uscc = ?", uscc(NDRC_STEEL))
    assert rows == [("not_ets_version", None, "none")]
    assert query(units, "select count(*) from marts.fct_ets_industry_year where uscc in (?, ?)", uscc(OUTSIDE), uscc(PLANT)) == [(0,)]


def test_scope_and_internal_transfer_on_the_lines(units: Path) -> None:
    rows = query(units, "select uscc, unit_code, item, ets_covered, internal_transfer from marts.fct_enterprise_emission_line"
                        " where electricity_view is null and uscc in (?, ?, ?) and (year(period) = 2024 or uscc = ?) order by 1, 2, 3",
                 uscc(STEEL), uscc(CEMENT), uscc(OUTSIDE), uscc(OUTSIDE))
    assert set(rows) == {
        (uscc(STEEL), "", "焦炭", True, False), (uscc(STEEL), "", "高炉煤气", True, True), (uscc(CEMENT), "K1", "一般烟煤", True, False),
        (uscc(CEMENT), "K1", "clinker_portland", True, False), (uscc(CEMENT), "GRIND", "柴油", False, False), (uscc(OUTSIDE), "", "柴油", False, False),
    }
    assert query(units, "select distinct ets_covered from marts.fct_enterprise_emission_line where electricity_view is not null") == [(False,)]


def test_accounts_keep_the_scopes_and_the_energy_bases_side_by_side(units: Path) -> None:
    rows = query(units, "select direct_tco2e, ets_direct_tco2e, internal_transfer_tco2e, energy_tce, energy_equivalent_tce"
                        " from marts.fct_enterprise_account_year where uscc = ? and period = date '2024-01-01'", uscc(STEEL))
    # 1000 t coke x 28.435/29.3076 + 100 x 33.0/29.3076 = 1082.825 tce; power 1 000 MWh x 0.1229 and x 0.30
    assert rows == [(Decimal("3854.144"), Decimal("3854.144"), Decimal("848.113"), Decimal("1205.725"), Decimal("1382.825"))]
    rows = query(units, "select direct_tco2e, ets_direct_tco2e from marts.fct_enterprise_account_month where uscc = ? and period = date '2024-05-01'",
                 uscc(CEMENT))
    assert rows == [(Decimal("754.719"), Decimal("723.760"))]


# period, column, expected (grid_factors.md)
GRID = [
    ("2024-05-01", "thermal_factor_basis", "power_units"), ("2024-05-01", "thermal_factor", 0.597562774),
    ("2024-05-01", "thermal_factor_low", 0.549130435), ("2024-05-01", "thermal_factor_high", 0.910869565),
    ("2024-05-01", "production_tco2", "179268.832"), ("2024-05-01", "production_factor", 0.325943331),
    ("2024-05-01", "supply_mwh", 490_000.0), ("2024-05-01", "inflow_tco2", "5332.000"), ("2024-05-01", "outflow_tco2", "32594.333"),
    ("2024-05-01", "consumption_factor", 0.310217345), ("2024-05-01", "published_factor", 0.5683),
    ("2024-05-01", "published_data_year", 2023), ("2024-05-01", "published_tier", "other_year"),
    ("2024-05-01", "production_gap", -0.242356669), ("2024-05-01", "consumption_gap", -0.258082655),
    ("2024-05-01", "nonfossil_generation_share", 0.454545455), ("2024-05-01", "nonfossil_capacity_share", 0.52),
    ("2024-05-01", "final_consumption_mwh", 455_700.0), ("2024-05-01", "loss_mwh", 34_300.0), ("2024-05-01", "loss_rate", 0.07),
    ("2024-06-01", "thermal_factor", 0.597562774), ("2024-06-01", "production_factor", 0.149390693),
    ("2024-06-01", "consumption_factor", None), ("2024-06-01", "hold_code", "no_exchange"), ("2024-06-01", "nonfossil_capacity_share", None),
    ("2023-05-01", "thermal_factor_basis", "national_fossil_power"), ("2023-05-01", "thermal_factor_tier", "wider_area"),
    ("2023-05-01", "production_factor", 0.41365), ("2025-12-01", "production_factor", 0.0),
]


@pytest.mark.parametrize(("period", "column", "expected"), GRID)
def test_golden_grid_factor(units: Path, period: str, column: str, expected: object) -> None:
    ((found,),) = query(units, f"select {column} from marts.fct_grid_factor_month where area = '520000' and period = cast(? as date)", period)
    if isinstance(found, Decimal):
        assert found == Decimal(str(expected))
    else:
        assert found == (pytest.approx(expected, abs=1e-9) if isinstance(expected, float) else expected)


def test_every_expected_grid_figure_stands_in_the_working() -> None:
    working = (Path(__file__).parent / "grid_factors.md").read_text("utf-8").replace(" ", "")
    assert [f for *_, f in GRID if f is not None and f != 0 and str(f).removesuffix(".0") not in working] == []


def test_hours_months_and_years_of_one_fact_never_add(units: Path) -> None:
    assert query(units, "select cast(period as varchar), generation_mwh, production_factor from marts.fct_grid_factor_hour") == [
        ("2024-05-01 10:00:00", 1000.0, pytest.approx(0.4 * 137439.438 / 230_000)),
    ]
    # twelve months are not there and no yearly figure is: no year
    assert query(units, "select count(*) from marts.fct_grid_factor_year where year(period) in (2023, 2024)") == [(0,)]


def test_the_electricity_identity_of_2007(units: Path) -> None:
    """Generation + inflow - outflow = consumption + loss, 1e8 kWh."""
    (row,) = query(
        units, "select generation_mwh, inflow_mwh, outflow_mwh, supply_mwh, final_consumption_mwh, loss_mwh, reported_loss_mwh"
               " from marts.fct_grid_factor_year where basis = 'energy_balance' and period = date '2007-01-01'",
    )
    generation, inflow, outflow, supply, consumption, loss, reported = (round(value / 1e5, 2) for value in row)
    assert (generation, inflow, outflow) == (261.57 + 830.84, 0.10, 378.42)
    assert (supply, consumption, loss, reported) == (714.09, 669.09, 45.00, 45.00)


def test_cities_make_the_province(units: Path) -> None:
    columns = "target_id, observed_value, observed_source, verdict, decomposition_bodies, decomposition_value, decomposition_gap"
    rows = query(units, f"select {columns} from marts.fct_target_verdict where division_code = '520000' and period = date '2025-01-01'"
                        " and target_id in ('T05', 'T06', 'E06', 'E03') order by 1")
    assert rows == [
        ("E03", 3100.0, "grid_generation", "met", None, None, None),
        ("E06", 2600.0, "target_observation", "met", 9, 2610.0, -10.0),
        ("T05", 45.0, "prefectures", "met", 9, 45.0, 0.0),
        ("T06", 59.0, "prefectures", "not_met", 2, 59.0, 0.0),
    ]
    rates = query(units, "select required_rate, required_rate_num, required_rate_den from marts.fct_target_verdict"
                         " where target_id = 'E06' and division_code = '520000' and period = date '2025-01-01'")
    assert rates == [(480.0, 2400.0, 5)]
