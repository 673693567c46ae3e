"""The monthly nowcast and its errors, worked by hand (nowcast.md), and the proof that nothing known later reaches an estimate of the past."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import build_tables_here, query
from tests.deliveries import deliver, register_row, uscc

A, B, C, D, E = range(71, 76)
MONTHS = ["2025-01", "2025-02", "2025-03", "2025-04", "2025-05"]
AFTER = ["2025-02", "2025-03", "2025-04", "2025-05", "2025-06"]
SOLD = {"520100": [100, 200, 300, 400, 250], "520200": [100] * 5, "520300": [50] * 5}
COAL = {A: [500, 1000, 1500, 2000], B: [250, 500, 750, 1000], C: [700] * 4}
DIRECT, POWER = "direct_tco2e", "purchased_power_location_tco2e"


def _coal(number: int, period: str, consumed: float, ncv: float = 20) -> dict:
    return {"uscc": uscc(number), "period": period, "energy": "一般烟煤", "unit": "t", "consumed": consumed, "ncv": ncv, "ncv_unit": "GJ/t",
            "carbon_content": 0.03, "carbon_content_unit": "tC/GJ", "oxidation_rate": 100}


def _burnt_off(period: str, tonnes: float) -> dict:
    return {"uscc": uscc(E), "period": period, "role": "过程", "item": "尾气", "quantity": tonnes, "unit": "t", "emission_factor": 0.5, "emission_factor_unit": "tCO2/t"}


def _bought(period: str, mwh: float) -> dict:
    return {"uscc": uscc(E), "period": period, "carrier": "电力", "direction": "购入", "origin": "电网", "quantity": mwh, "unit": "MWh"}


def _province(inbox: Path) -> None:
    deliver(inbox, "enterprise_register", "register.csv", [
        register_row(number, "08-cement", "3011", division) for number, division in [(A, "520115"), (B, "520115"), (C, "520201"), (D, "520302")]
    ] + [register_row(E, "04-chemicals", "2614", "520302")], "2024-12-20")
    for place, (period, after) in enumerate(zip(MONTHS, AFTER, strict=True)):
        deliver(inbox, "grid_sales", f"sold_{period}.csv", [
            {"division_code": division, "industry_code": "30", "period": period, "quantity": mwh[place], "unit": "MWh"} for division, mwh in SOLD.items()
        ] + [{"division_code": "520300", "industry_code": "26", "period": period, "quantity": 10, "unit": "MWh"}], f"{after}-05")
        if period != MONTHS[-1]:
            deliver(inbox, "enterprise_process", f"{period}.csv", [_burnt_off(period, 1000)], f"{after}-15")
            deliver(inbox, "enterprise_power_heat", f"{period}.csv", [_bought(period, 9)], f"{after}-15")
        for number, tonnes in COAL.items():
            if place < len(tonnes):
                day = "2025-05-03" if (number, period) == (B, "2025-04") else f"{after}-15"
                deliver(inbox, "enterprise_energy", f"{number}_{period}.csv", [_coal(number, period, tonnes[place])], day)


def _build(root: Path, received: str, **later: list[dict]) -> Path:
    _province(root / "inbox")
    for source, rows in later.items():
        deliver(root / "inbox", source, "later.csv", rows, received)
    database, held_back = build_tables_here(root / "inbox", root / "data", "fct_nowcast_month", "fct_nowcast_accuracy")
    assert held_back == [], [j.reason_en for j in held_back]
    return database


@pytest.fixture(scope="module")
def nowcast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _build(tmp_path_factory.mktemp("nowcast"), "2025-06-10", enterprise_energy=[_coal(A, "2025-03", 2000)])


def _errors(database: Path, level: str, measure: str = DIRECT) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    rows = query(database, "select code, strftime(period, '%Y-%m'), estimate_tco2e, reported_tco2e from marts.fct_nowcast_error where level = ? and measure = ?", level, measure)
    return {(code, period): (estimate, reported) for code, period, estimate, reported in rows}


def test_estimates_of_the_past(nowcast: Path) -> None:
    expected = {
        ("520100:30", "2025-02"): ("3214.655", "3300.000"), ("520200:30", "2025-02"): ("1582.672", "1540.000"),
        ("520100:30", "2025-03"): ("4868.027", "6050.000"), ("520200:30", "2025-03"): ("1580.986", "1540.000"),
        ("520100:30", "2025-04"): ("4354.444", "4400.000"), ("520200:30", "2025-04"): ("1574.167", "1540.000"),
        **{("520300:26", period): ("500.000", "500.000") for period in MONTHS[1:4]},
    }
    assert _errors(nowcast, "prefecture_industry") == {key: (Decimal(e), Decimal(r)) for key, (e, r) in expected.items()}


def test_what_cannot_be_scored_is_told_beside_the_error(nowcast: Path) -> None:
    """D of 520300:30 never reported: 15.95 x 50 of February are in no error."""
    rows = query(nowcast, "select cells, unscored_cells, unscored_estimate_tco2e from marts.fct_nowcast_error where level = 'province' and measure = ?"
                          " and period = date '2025-02-01'", DIRECT)
    assert rows == [(3, 1, Decimal("797.500"))]


def test_the_month_that_is_not_reported_yet(nowcast: Path) -> None:
    rows = query(nowcast, """
        select level, code, method, months_behind, reported_tco2e, estimate_tco2e, low_tco2e, high_tco2e
        from marts.fct_nowcast_month where period = date '2025-05-01' and level in ('prefecture_industry', 'province') and measure = ? order by 1, 2""", DIRECT)
    assert [row[:6] for row in rows] == [
        ("prefecture_industry", "520100:30", "pooled_ratio", 4, 0, Decimal("4354.409")),
        ("prefecture_industry", "520200:30", "pooled_ratio", 4, 0, Decimal("1585.591")),
        ("prefecture_industry", "520300:26", "pooled_ratio", 4, 0, Decimal("500.000")),
        ("prefecture_industry", "520300:30", "province_ratio", 0, 0, Decimal("848.571")),
        ("province", "520000", "sum_of_cells", 0, 0, Decimal("7288.571")),
    ]
    assert rows[0][6:] == (Decimal("3297.144"), Decimal("5411.674"))


def test_a_month_without_power_sales_has_no_estimate(nowcast: Path) -> None:
    rows = query(nowcast, "select distinct method, is_estimate, estimate_tco2e, low_tco2e from marts.fct_nowcast_month where period >= date '2025-06-01'")
    assert rows == [("no_power_sales", False, None, None)]


def test_accuracy(nowcast: Path) -> None:
    """Cells: sum of |error| / reported over nine, three of them without error = 85.345/3300 + 42.672/1540 + 1181.973/6050 + 40.986/1540 + 45.556/4400 + 34.167/1540."""
    ((errors, mape, bias),) = query(
        nowcast, "select errors, mape, bias_num from marts.fct_nowcast_accuracy where level = 'prefecture_industry' and measure = ?", DIRECT
    )
    assert errors == 9 and bias == Decimal("-1195.049")
    assert mape == pytest.approx((85.345 / 3300 + 42.672 / 1540 + 1181.973 / 6050 + 40.986 / 1540 + 45.556 / 4400 + 34.167 / 1540) / 9, abs=1e-9)


def test_nothing_known_later_reaches_an_estimate_of_the_past(nowcast: Path, tmp_path: Path) -> None:
    """Other corrections of fuel, process, power and sales, all after 5 May: every estimate stays to the digit, what is reported does not."""
    changed = _build(
        tmp_path, "2025-05-06",
        enterprise_energy=[_coal(A, "2025-02", 9000, ncv=25), _coal(A, "2025-03", 1), _coal(B, "2025-04", 7), _coal(C, "2025-01", 70_000), _coal(D, "2025-05", 10)],
        enterprise_process=[_burnt_off("2025-02", 5), _burnt_off("2025-03", 0)], enterprise_power_heat=[_bought("2025-01", 1)],
        grid_sales=[{"division_code": "520100", "industry_code": "30", "period": "2025-02", "quantity": 1, "unit": "MWh"}],
    )
    for level, measure in [("prefecture_industry", DIRECT), ("province", DIRECT), ("field", DIRECT), ("prefecture_industry", POWER)]:
        before, after = _errors(nowcast, level, measure), _errors(changed, level, measure)
        assert before and {key: value[0] for key, value in before.items()} == {key: value[0] for key, value in after.items()}
    reported = {key: value[1] for key, value in _errors(changed, "prefecture_industry").items()}
    assert reported["520100:30", "2025-02"] == Decimal("25850.000")  # A 9000 x 25 x 0.03 x 44/12 + B 1100
    assert reported["520300:26", "2025-02"] == Decimal("2.500")
