"""What counts of several deliveries on one thing: totals beside parts, a year beside its months, factors, rows that wait."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import query
from tests.deliveries import deliver, register_row, uscc
from tests.golden.province import Golden

MONTHS = [f"2025-{month:02d}" for month in range(1, 13)]
FIRST, LATER = "2026-01-05T09:00:00+08:00", "2026-01-12T09:00:00+08:00"
Rows = list[dict[str, Any]]


def coal(period: str, consumed: float, **more: Any) -> dict[str, Any]:
    return {"period": period, "energy": "无烟煤", "consumed": consumed, "unit": "吨", "basis": "台账", **more}


def each_month(consumed: float, months: list[str] = MONTHS, **more: Any) -> Rows:
    return [coal(period, consumed + n / 1000, **more) for n, period in enumerate(months)]


# name -> rows that came first, rows that came a week later, tonnes that count, findings that must be there
CASES: dict[str, tuple[Rows, Rows, float, set[str]]] = {
    "site beside furnaces": ([coal("2025-03", 1000)], [coal("2025-03", 600, unit_code="1号炉"), coal("2025-03", 400, unit_code="2号炉")], 0, {"conflicting_deliveries"}),
    "coal beside its mines": ([coal("2025-03", 1000)], [coal("2025-03", 600, stream="A矿"), coal("2025-03", 400, stream="B矿")], 0, {"conflicting_deliveries"}),
    "raw coal beside anthracite": (
        [coal("2025-03", 1000, energy="原煤", ncv=21, carbon_content=0.026)], [coal("2025-03", 600)], 0, {"conflicting_deliveries"}),
    "two mines": ([coal("2025-03", 601, stream="A矿")], [coal("2025-03", 402, stream="B矿")], 1003, set()),
    "furnaces by month and the site's year": (
        [*each_month(60, unit_code="1号炉"), *each_month(40, unit_code="2号炉")], [coal("2025", 1200)], 1200.132, set()),
    "half a year each by furnace": (
        [*each_month(100, MONTHS[:6], unit_code="1号炉"), *each_month(101, MONTHS[6:], unit_code="2号炉")], [coal("2025", 1207)], 1206.03, set()),
    "eleven months of mines and a year": ([*each_month(100, MONTHS[:11], stream="A矿")], [coal("2025", 1200)], 1200, set()),
    "months of anthracite and a year of raw coal": (
        [coal("2025", 1200, energy="原煤", ncv=21, carbon_content=0.026)], each_month(100), 1200.066, set()),
    "year of one mine, months of another": ([coal("2025", 500, stream="A矿")], each_month(10, stream="B矿"), 620.066, set()),
}
NUMBER = {name: 100 + n for n, name in enumerate(CASES)}


TABLES = ("int_finding__standing", "int_ledger__line")


def deliver_to(inbox: Path) -> None:
    """Both deliveries of every case."""
    deliver(inbox, "enterprise_register", "register.csv",
            [register_row(number, "24-other-industry", "2911") for number in NUMBER.values()], "2026-01-02T09:00:00+08:00")
    for name, received, place in (("first.csv", FIRST, 0), ("later.csv", LATER, 1)):
        rows = [{"uscc": uscc(NUMBER[case]), **row} for case, parts in CASES.items() for row in parts[place]]
        deliver(inbox, "enterprise_energy", name, rows, received)


@pytest.fixture(scope="module")
def built(golden: Golden) -> Path:
    assert golden.held_of("current_view") == [], golden.held
    return golden.database


@pytest.mark.parametrize("name", list(CASES))
def test_what_counts_of_several_deliveries(built: Path, name: str) -> None:
    *_, tonnes, findings = CASES[name]
    assert query(built, "select coalesce(round(sum(consumed), 6), 0) from intermediate.int_current__energy where uscc = ? and conflict is null and superseded_by is null",
                 uscc(NUMBER[name])) == [(tonnes,)]
    found = {check for (check,) in query(built, "select check_id from intermediate.int_finding__standing where uscc = ?", uscc(NUMBER[name]))}
    assert findings <= found and ("conflicting_deliveries" in found) == ("conflicting_deliveries" in findings)
    lines = query(built, "select coalesce(round(sum(activity_quantity), 6), 0) from intermediate.int_ledger__line where uscc = ? and emission_source = 'fuel' and gas = 'CO2'", uscc(NUMBER[name]))
    assert lines == [(tonnes,)]
