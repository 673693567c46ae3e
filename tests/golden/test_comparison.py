"""Side by side and quality label, worked by hand in accounts.md: equal to the kilogram and to the point."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import query, run_night_here
from tests.deliveries import deliver, register_row, uscc

POWER, STEEL, MEASURED, RAW_COAL, CEMENT, NO_METHOD, OFFICE, LNG, QUARANTINED, CHANGED = range(41, 51)

REGISTER = [
    register_row(POWER, "01-power", "4411", ets="是"), register_row(STEEL, "03-steel@ndrc", "3120", ets="是"),
    register_row(MEASURED, "24-other-industry", "3012"), register_row(RAW_COAL, "20-food-beverage", "1512"),
    register_row(CEMENT, "08-cement", "3011", ets="是"), register_row(NO_METHOD, "99-nonsense", "3216"),
    register_row(OFFICE, "21-public-building", "8411"), register_row(LNG, "24-other-industry", "3012"),
    register_row(QUARANTINED, "24-other-industry", "3012"), register_row(CHANGED, "08-cement@ndrc", "3011", ets="是"),
    register_row(CHANGED, "08-cement@cets-2024", "3011", ets="是") | {"valid_from": "2025-06-01"},
]


def _row(number: int, energy: str, consumed: float, period: str = "2025-05", **more: object) -> dict:
    return {"uscc": uscc(number), "period": period, "energy": energy, "unit": "t", "consumed": consumed, **more}


MEASURED_COAL = {"ncv": 20, "ncv_unit": "GJ/t", "carbon_content": 0.02618, "oxidation_rate": 98, "parameter_basis": "实测"}
ENERGY = [
    _row(POWER, "一般烟煤", 1000), _row(STEEL, "一般烟煤", 1000), _row(MEASURED, "一般烟煤", 1000, **MEASURED_COAL),
    _row(RAW_COAL, "原煤", 100), _row(CEMENT, "煤矸石用于燃料", 1000),
    _row(CEMENT, "煤矸石用于燃料", 100, "2025-06", ncv=10, ncv_unit="GJ/t", carbon_content=0.025, oxidation_rate=95, parameter_basis="实测"),
    _row(NO_METHOD, "柴油", 200), _row(LNG, "液化天然气(液态)", 100), _row(QUARANTINED, "柴油", 100), _row(QUARANTINED, "神秘燃料", 100),
    _row(CHANGED, "一般烟煤", 1000), _row(CHANGED, "一般烟煤", 1000, "2025-06"),
]
BOUGHT = [
    {"uscc": uscc(OFFICE), "period": f"2025-{month:02d}", "carrier": "电力", "direction": "购入", "origin": "电网", "quantity": 100, "unit": "MWh"}
    for month in range(1, 13)
]


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("comparison")
    deliver(root / "inbox", "enterprise_register", "register.csv", REGISTER)
    deliver(root / "inbox", "enterprise_energy", "energy.csv", ENERGY)
    deliver(root / "inbox", "enterprise_power_heat", "power.csv", BOUGHT)
    night = run_night_here(root / "inbox", root / "data")
    assert night.outcome == "published"
    assert [(j.rows_received - j.rows_accepted) for j in night.held_back] == [1]
    return root / "data" / "marts" / "carbon.duckdb"


# enterprise, other version, other set: base, other, then NCV, carbon content, oxidation, composite, one side only
COMPARED = [
    (STEEL, None, "ndrc-2015", "1747.088 1741.750", "0.000 -5.338 0.000 0.000 0.000"),
    (STEEL, "cets-2024", "cets-ag", "1747.088 1872.849", "0.000 -5.338 131.099 0.000 0.000"),
    (STEEL, None, "cets-ag", "1747.088 1741.750", "0.000 -5.338 0.000 0.000 0.000"),
    (POWER, "ndrc", "ndrc-2013-chemicals", "2990.013 2071.509", "-391.501 -393.357 -133.646 0.000 0.000"),
    (POWER, None, "ndrc-2013-chemicals", "2990.013 2071.509", "-391.501 -393.357 -133.646 0.000 0.000"),
    (MEASURED, None, "cets-ag", "1881.469 1881.469", "0.000 0.000 0.000 0.000 0.000"),
    (CEMENT, "ndrc", "ndrc-2013-chemicals", "851.684 87.083", "0.000 0.000 0.000 0.000 -764.601"),
]


@pytest.mark.parametrize(("number", "version", "factor_set", "tonnes", "causes"), COMPARED)
def test_difference_by_cause(marts: Path, number: int, version: str | None, factor_set: str, tonnes: str, causes: str) -> None:
    rows = query(
        marts, "select base_tco2, other_tco2, ncv_tco2, carbon_content_tco2, oxidation_tco2, composite_factor_tco2, one_side_only_tco2,"
        " difference_tco2 from marts.fct_method_comparison where uscc = ? and period = date '2025-01-01'"
        " and other_method_version is not distinct from ? and other_factor_set = ?", uscc(number), version, factor_set,
    )
    parts = [Decimal(part) for part in causes.split()]
    assert rows == [(*(Decimal(t) for t in tonnes.split()), *parts, sum(parts))]


def test_every_other_version_and_set_stands_beside(marts: Path) -> None:
    rows = query(marts, "select other_method_version, other_factor_set from marts.fct_method_comparison where uscc = ?", uscc(POWER))
    assert sorted(rows, key=str) == sorted([
        ("ndrc", "ndrc-2013-chemicals"), (None, "ndrc-2013-aviation"), (None, "ndrc-2013-chemicals"), (None, "ndrc-2013-metals"), (None, "ndrc-2015"),
    ], key=str)


def test_what_the_account_holds_back_has_no_difference(marts: Path) -> None:
    rows = query(marts, "select distinct base_tco2, other_tco2, difference_tco2, ncv_tco2, base_held_back_lines, other_held_back_lines"
                 " from marts.fct_method_comparison where uscc = ?", uscc(RAW_COAL))
    assert rows == [(None, None, None, None, 1, 1)]
    assert query(marts, "select count(*) from marts.fct_method_comparison where uscc = ?", uscc(NO_METHOD)) == [(0,)]


def test_status_of_the_factors(marts: Path) -> None:
    rows = query(marts, "select base_factor_status, other_factor_status, other_worst_tier from marts.fct_method_comparison"
                 " where uscc = ? and other_factor_set = 'cets-ag'", uscc(LNG))
    assert rows == [("unconfirmed", "confirmed", "method_default")]
    assert query(marts, "select distinct base_factor_status, other_factor_status from marts.fct_method_comparison where uscc = ?", uscc(MEASURED)) == [
        ("reported", "reported")
    ]


def test_a_version_that_changes_within_the_year_has_two_bases(marts: Path) -> None:
    rows = query(marts, "select base_method_version, other_method_version, base_tco2, other_tco2 from marts.fct_method_comparison"
                 " where uscc = ? and other_method_version is not null order by 1 desc", uscc(CHANGED))
    assert rows == [
        ("ndrc", "cets-2024", Decimal("2071.509"), Decimal("1741.750")), ("cets-2024", "ndrc", Decimal("1741.750"), Decimal("2071.509")),
    ]


# enterprise: points for completeness, parameters, confirmed, lines; score, grade, worst tier, held back, quarantined
QUALITY = [
    (STEEL, "2.500 24.000 10.000 20.000", 57, "D", "method_default", 0, 0),
    (MEASURED, "2.500 40.000 10.000 20.000", 73, "C", "measured", 0, 0),
    (RAW_COAL, "2.500 0.000 0.000 0.000", 3, "E", None, 1, 0),
    (NO_METHOD, "2.500 0.000 0.000 0.000", 0, "E", None, 1, 0),
    (OFFICE, "30.000 None None 20.000", 100, "A", None, 0, 0),
    (LNG, "2.500 0.000 0.000 20.000", 23, "E", "unconfirmed", 0, 0),
    (QUARANTINED, "2.500 24.000 10.000 10.000", 47, "D", "method_default", 0, 1),
    (CEMENT, "5.000 25.636 10.000 20.000", 61, "C", "method_default", 0, 0),
]


@pytest.mark.parametrize(("number", "points", "score", "grade", "tier", "held", "quarantined"), QUALITY)
def test_quality_label(
    marts: Path, number: int, points: str, score: int, grade: str, tier: str | None, held: int, quarantined: int
) -> None:
    rows = query(
        marts, "select completeness_points, parameters_points, confirmed_points, lines_points, score, grade, worst_tier, held_back_lines,"
        " quarantined_rows from marts.fct_account_quality_year where uscc = ?", uscc(number),
    )
    assert rows == [(*(None if p == "None" else Decimal(p) for p in points.split()), score, grade, tier, held, quarantined)]


def test_shares_of_the_label(marts: Path) -> None:
    rows = query(marts, "select completeness_num, completeness_den, measured_share_num, measured_share_den, unconfirmed_share, method_default_share_num"
                 " from marts.fct_account_quality_year where uscc = ?", uscc(CEMENT))
    assert rows == [(2, 12, Decimal("87.083"), Decimal("851.684"), 0.0, Decimal("764.601"))]


def test_the_working_names_every_figure() -> None:
    working = (Path(__file__).parent / "accounts.md").read_text("utf-8").replace(" ", "")
    figures = {f.lstrip("-") for _, _, _, tonnes, causes in COMPARED for f in (tonnes + " " + causes).split() if Decimal(f) != 0}
    assert [f for f in sorted(figures) if f not in working] == []
