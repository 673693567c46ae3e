"""Who is silent: coverage, totals, completeness and the call list run to the last month due, not to the last that anyone delivered.

Knowledge date 2026-06-30. A monthly form is due by day 20 of the next month (seed `deadline`): May 2026 was due on 20 June and is the last.
Five enterprises in operation; the first month of the ledger is January 2026, of enterprise 1.
1 energy and power of January and February; energy alone of March -> owes power from March (due 20 April, 71 days ago),
  energy from April (due 20 May, 41 days ago).
2 never delivered anything -> owes, of January on, what has to be asked (due 20 February, 130 days ago).
3 closed on 28 February after reporting January and February -> owes nothing.
4 reports every month to May -> owes nothing; June came early and is not due.
5 delivered energy of April alone, with a negative quantity: held back, a matter of the worklist -> owes January, February, March and May.
"""

from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from tests.conftest import build_tables_here, query
from tests.deliveries import deliver, register_row, uscc


def _month(month: int) -> date:
    return date(2026, month, 1)


def _energy(number: int, month: int, consumed: float = 10) -> dict:
    return {"uscc": uscc(number), "period": f"2026-{month:02d}", "energy": "柴油", "unit": "t", "consumed": consumed}


def _power(number: int, month: int) -> dict:
    return {"uscc": uscc(number), "period": f"2026-{month:02d}", "carrier": "电力", "direction": "购入", "origin": "电网", "quantity": 1, "unit": "MWh"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("calendar")
    inbox = root / "inbox"
    register = [register_row(n, "24-other-industry", "3012", operating_from="2019-01-01") for n in range(1, 6)]
    register[2]["operating_to"] = "2026-02-28"
    register[1]["division_code"] = "520302"
    deliver(inbox, "enterprise_register", "register.csv", register)
    deliver(inbox, "enterprise_energy", "energy.csv", [
        *(_energy(1, m) for m in (1, 2, 3)), *(_energy(3, m) for m in (1, 2)), *(_energy(4, m) for m in (1, 2, 3, 4, 5, 6)), _energy(5, 4, -1),
    ], "2026-06-25")
    deliver(inbox, "enterprise_power_heat", "power.csv", [_power(1, 1), _power(1, 2)], "2026-06-25")
    return build_tables_here(inbox, root / "data", "coverage_month", "call_list", "fct_total_month", "fct_total_year", "fct_enterprise_account_year", as_of="2026-06-30")[0]


def test_coverage_runs_to_the_last_month_due(built: Path) -> None:
    months = query(built, "select period, count(*) from quality.coverage_month group by 1 order by 1")
    assert months == [(_month(m), 5 if m < 3 else 4) for m in range(1, 6)]
    assert query(built, "select period, state from quality.coverage_month where uscc = ? order by 1", uscc(1)) == [
        (_month(1), "reported"), (_month(2), "reported"), (_month(3), "partial"), (_month(4), "missing"), (_month(5), "missing")]
    assert query(built, "select period, state from quality.coverage_month where uscc = ? order by 1", uscc(5)) == [
        (_month(m), "held_back" if m == 4 else "missing") for m in range(1, 6)]


def test_the_call_list_counts_from_the_first_missed_due_date(built: Path) -> None:
    found = query(built, """select uscc, source, months_missing, first_missed_period, first_missed_due_on, days_overdue, last_delivered_period
        from quality.call_list order by uscc, source""")
    assert sorted(found) == sorted([
        (uscc(1), "enterprise_energy", 2, _month(4), date(2026, 5, 20), 41, _month(3)),
        (uscc(1), "enterprise_power_heat", 3, _month(3), date(2026, 4, 20), 71, _month(2)),
        (uscc(2), "*", 5, _month(1), date(2026, 2, 20), 130, None),
        (uscc(5), "*", 4, _month(1), date(2026, 2, 20), 130, None),
    ])
    assert set(query(built, "select uscc, prefecture_code from quality.call_list")) == {(uscc(1), "520100"), (uscc(2), "520300"), (uscc(5), "520100")}


def test_totals_run_on_and_say_nothing_of_a_month_that_nobody_reported(built: Path) -> None:
    """Enterprise 2 is alone in its prefecture: every figure of it is unknown, not zero. The province's coverage of May is 1 of 4; of June, not due,
    the 1 that came early.
    """
    silent = query(built, "select period, direct_tco2e, purchased_power_location_tco2e, co2_t, coverage, enterprises from marts.fct_total_month where code = '520300' order by 1")
    assert silent == [(_month(m), None, None, None, 0.0, 0) for m in range(1, 7)]
    assert query(built, "select direct_tco2e, coverage_num, status_reason from marts.fct_total_year where code = '520300'") == [(None, 0, "not_due")]
    assert query(built, "select count(*) from marts.fct_total_month where level <> 'province' and direct_tco2e is null and code not in ('520300', '520302', '520300:30')") == [(0,)]
    found = query(built, "select period, coverage_num, coverage_den, status_reason from marts.fct_total_month where level = 'province' order by 1")
    assert found == [
        (_month(1), 3, 5, "not_due"), (_month(2), 3, 5, "not_due"), (_month(3), 2, 4, "not_due"), (_month(4), 1, 4, "not_due"),
        (_month(5), 1, 4, "not_due"), (_month(6), 1, 4, "not_due")]


def test_completeness_of_a_running_year_counts_the_months_due(built: Path) -> None:
    """1: 3 energy + 2 power of 5 months x 2 forms; 3: 2 of 2 months; 4: 6 of 6, June delivered before it is due."""
    found = dict(query(built, "select uscc, completeness_num || '/' || completeness_den from marts.fct_enterprise_account_year where period = date '2026-01-01'"))
    assert found == {uscc(1): "5/10", uscc(3): "2/2", uscc(4): "6/6"}


@pytest.mark.parametrize(("earlier", "later", "same"), [("2026-06-18", "2026-06-20", True), ("2026-06-20", "2026-06-21", False), ("2026-06-30", "2026-07-01", False)])
def test_a_due_day_that_passes_is_news_without_a_delivery(tmp_path: Path, earlier: str, later: str, same: bool) -> None:
    from pipelines.settings import load_settings
    from pipelines.warehouse.build_db import current_inputs
    from pipelines.warehouse.registry import Registry

    settings = [load_settings(tmp_path, tmp_path, date.fromisoformat(day)) for day in (earlier, later)]
    with closing(Registry(settings[0].registry)) as registry:
        found = [current_inputs(s, registry).fingerprint for s in settings]
    assert (found[0] == found[1]) is same
