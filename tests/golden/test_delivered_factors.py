"""A delivered factor and a published one for the same thing: the published one stands until two people accept the other."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts.codes import read_rows
from pipelines.settings import PROJECT
from tests.conftest import build_tables_here, query
from tests.deliveries import deliver, register_row, uscc

BATCH = "emission_factor-"
OFFICIAL = {row["factor_id"]: float(row["value"]) for row in read_rows(PROJECT / "data/raw/published/emission_factor/grid_average_2023.csv")}
TABLES = ("int_finding__standing", "int_ledger__line", "int_worklist__row", "int_decision__outcome", "emission_factor")


def grid(factor_id: str, value: float, area: str = "520000", year: int = 2023, **more: Any) -> dict[str, Any]:
    return {"factor_id": factor_id, "kind": "grid", "item": "average", "value": value, "unit": "tCO2/MWh", "area": area, "data_year": year,
            "published_on": "2026-01-02", "status": "confirmed", "confidence": "B", "document": "内部测算", **more}


FACTORS = [
    grid("own:520000:2023", 0.9999), grid("own:530000:2023", 0.8888, "530000"), grid("own:510000:2023", 0.7777, "510000"),
    grid("own:520000:2024", 0.6, year=2024),                                    # a new data year
    grid("own:450000:2024", 0.6, "450000", 2024, confidence="C"),               # says confirmed and is not
    grid("grid:average:440000:2023", 0.5, "440000", 2024),                      # takes the number of a published one
]
AREAS = {1: "520115", 2: "530100", 3: "510100", 4: "450100", 5: "440100"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("factors")
    inbox = root / "inbox"
    deliver(inbox, "enterprise_register", "register.csv", [register_row(n, "24-other-industry", "2911", "520115") for n in (1,)], "2026-01-02")
    path = deliver(inbox, "emission_factor", "own.csv", FACTORS, "2026-01-03", synthetic=False)
    deliver(inbox, "enterprise_power_heat", "power.csv", [
        {"uscc": uscc(1), "period": period, "carrier": "电力", "direction": "购入", "origin": "电网", "quantity": 1000, "unit": "MWh"}
        for period in ("2023-06", "2024-06", "2025-06")
    ], "2026-01-10")
    batch = BATCH + hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    decision = {"target_batch_id": batch, "check_id": "E01-published-factor-stands", "decision": "按原值接受", "reason": "已核对",
                "by": "甲", "decided_on": "2026-01-12", "expires_on": "2030-12-31"}
    deliver(inbox, "steward_decision", "decisions.csv", [
        {**decision, "decision_id": "D1", "target_row_no": 3, "second_by": "乙"}, {**decision, "decision_id": "D2", "target_row_no": 4, "second_by": ""},
    ], "2026-01-12", synthetic=False)
    database, held = build_tables_here(inbox, root / "data", *TABLES)
    assert held == [], [verdict.reason_en for verdict in held]
    return database


def test_the_published_factor_stands_and_a_new_year_enters_by_itself(built: Path) -> None:
    lines = query(built, """select year(period), factor_id, factor_value from intermediate.int_ledger__line
        where electricity_view = 'location' order by 1""")
    assert lines == [(2023, "grid:average:520000:2023", OFFICIAL["grid:average:520000:2023"]), (2024, "own:520000:2024", 0.6), (2025, "own:520000:2024", 0.6)]


def test_a_factor_waits_until_two_people_accept_it(built: Path) -> None:
    standing = dict(query(built, "select factor_id || ' ' || row_no, standing from intermediate.int_factor__standing where standing <> 'published'"))
    assert standing == {"own:520000:2023 2": "waiting", "own:530000:2023 3": "accepted", "own:510000:2023 4": "waiting", "own:520000:2024 5": "new",
                        "own:450000:2024 6": "new", "grid:average:440000:2023 7": "waiting"}
    used = dict(query(built, "select area, value from intermediate.int_factor__grid_year where activity_year = 2023 and grid_kind = 'average' and area in ('520000', '530000', '510000')"))
    assert used == {"520000": OFFICIAL["grid:average:520000:2023"], "530000": 0.8888, "510000": OFFICIAL["grid:average:510000:2023"]}
    states = query(built, "select decision_id, state from intermediate.int_decision__outcome order by 1")
    assert states == [("D1", "accepted"), ("D2", "second_signature_missing")]


def test_what_waits_is_told_with_the_tonnes_that_hang_on_it(built: Path) -> None:
    found = query(built, "select row_no, check_id, reported_value from intermediate.int_finding__standing where source = 'emission_factor' order by 1, 2")
    assert found == [(2, "E01-published-factor-stands", "0.9999"), (4, "E01-published-factor-stands", "0.7777"), (6, "E02-counts-as-unconfirmed", "C"),
                     (7, "E01-published-factor-stands", "0.5")]
    words = query(built, "select message_en from intermediate.int_finding__standing where check_id = 'E01-published-factor-stands' and row_no = 2")
    assert words == [("a published factor stands for grid average 520000 2023 (grid:average:520000:2023 = 0.5683): the delivered 0.9999 waits",)]
    assert query(built, "select tonnes, basis from intermediate.int_worklist__row where check_id = 'E01-published-factor-stands' and row_no = 2") == [(Decimal("568.3"), "ledger")]


def test_the_reference_table_holds_what_counts(built: Path) -> None:
    rows = query(built, "select factor_id, value, status from reference.emission_factor where factor_id like 'own:%' or factor_id = 'grid:average:440000:2023' order by 1")
    assert rows == [("grid:average:440000:2023", OFFICIAL["grid:average:440000:2023"], "confirmed"), ("own:450000:2024", 0.6, "unconfirmed"),
                    ("own:520000:2024", 0.6, "confirmed"), ("own:530000:2023", 0.8888, "confirmed")]
