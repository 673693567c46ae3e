"""Which decision counts, and what each does: `resolve` on a batch of two rows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

from pipelines.contracts.decisions import Bounds
from pipelines.contracts.source import load_sources
from pipelines.gate.decisions import Decision, Target, known_by, resolve
from pipelines.warehouse.records import Batch, Verdict

DAY = datetime(2026, 2, 1)
BOUNDS = Bounds(("C*", "K*"), 1000.0)
BATCH = Batch("enterprise_energy-0", "enterprise_energy", "a.csv", "0", 1, "2026-01-10T00:00:00", "sidecar", 0, 0, None, None, None, None, ".csv", "2026-01-10")


def decision(number: str, action: str = "更正", row: int | None = 2, check: str = "R10-stock-balance", **more: Any) -> Decision:
    values = {
        "decision_id": number, "row_no": row, "check_id": check, "column": "", "action": action, "new_value": "7", "by": "甲", "second_by": None,
        "decided_on": date(2026, 1, 20), "expires_on": None, "effective": DAY, "received_at": DAY, "is_synthetic": False, "content_hash": number,
    }
    return Decision(**{**values, **more})


def target(estimate: float | None = 10.0, checks: frozenset[str] = frozenset()) -> Target:
    verdict = Verdict(BATCH.batch_id, "1", 2, None, None, None, None, 0, None, None, None, "2026-01-31")
    rows = pl.DataFrame({"row_no": [2, 3], "consumed__raw": ["70", "3"], "ncv__raw": [None, "40"], "estimate_tco2e": [estimate, 1.0]})
    cited: dict[tuple[int, str], tuple[str, str | None]] = {
        (2, "R10-stock-balance"): ("warning", "consumed"), (2, "C02-unknown-unit"): ("warning", "unit"), (2, "F10-x"): ("warning", "ncv;consumed"),
        (3, "R31-anthracite"): ("info", "ncv"),
    }
    return Target(BATCH, verdict, load_sources()["enterprise_energy"], None, rows, cited, [], checks)


def states(*found: Decision, moment: datetime = DAY, estimate: float | None = 10.0, checks: frozenset[str] = frozenset()) -> dict[str, str]:
    plan = resolve(target(estimate, checks), known_by(list(found), moment), moment, BOUNDS)
    return {effect["decision_id"]: effect["state"] for effect in plan.effects}


def test_the_later_decision_on_a_check_wins_and_others_stand_beside_it() -> None:
    found = [decision("1"), decision("2", new_value="8"), decision("3", check="F10-x", column="低位发热量", new_value="41")]
    plan = resolve(target(), known_by(found, DAY), DAY, BOUNDS)
    assert plan.changes == {2: {"consumed": "8", "ncv": "41"}}
    assert [(e["decision_id"], e["state"], e["reported_value"], e["used_value"]) for e in plan.effects] == [
        ("1", "superseded", None, None), ("2", "corrected", "70", "8"), ("3", "corrected", None, "41")]
    assert states(decision("9", decided_on=date(2026, 1, 1)), decision("1")) == {"9": "superseded", "1": "corrected"}


def test_of_a_column_the_last_correction_counts_whichever_check_it_answers() -> None:
    """The value said to be used is the one that is used, however a decision names the column."""
    found = [decision("1", new_value="8"), decision("2", check="F10-x", column="消费量", new_value="9"), decision("3", check="", new_value="消费量=10；低位发热量=41")]
    plan = resolve(target(), known_by(found, DAY), DAY, BOUNDS)
    assert plan.changes == {2: {"consumed": "10", "ncv": "41"}}
    assert states(*found) == {"1": "superseded", "2": "superseded", "3": "corrected"}
    agreed = [decision("1", new_value="8"), decision("2", check="F10-x", column="消费量", new_value="8")]
    assert states(*agreed) == {"1": "corrected", "2": "corrected"}, "the lines of a sheet that say the same do not contradict each other"
    turned = [decision("1", check="", new_value="消费量=10；低位发热量=41"), decision("2", check="F10-x", column="消费量", new_value="9")]
    plan = resolve(target(), known_by(turned, DAY), DAY, BOUNDS)
    assert plan.changes == {2: {"consumed": "9", "ncv": "41"}}
    assert [(e["decision_id"], e["state"], e["column_name"], e["used_value"]) for e in plan.effects] == [("1", "corrected", "ncv", "41"), ("2", "corrected", "consumed", "9")]


def test_a_rejection_outweighs_what_was_decided_before_it() -> None:
    assert states(decision("1"), decision("2", "拒绝")) == {"1": "superseded", "2": "withdrawn"}
    assert states(decision("1", "拒绝"), decision("2")) == {"1": "superseded", "2": "corrected"}
    assert states(decision("1"), decision("0", "拒绝", None)) == {"1": "superseded", "0": "withdrawn"}
    assert states(decision("1"), decision("0", "拒绝", None), decision("2", "按原值接受", None)) == {"0": "superseded", "1": "corrected", "2": "reinstated"}


@pytest.mark.parametrize(("estimate", "second", "state"), [
    (1000.0, None, "accepted"), (1000.1, None, "second_signature_missing"), (1000.1, "乙", "accepted"), (1000.1, "甲", "second_signature_missing"),
    (None, None, "second_signature_missing"), (None, "乙", "accepted"),
])
def test_a_waiver_above_the_limit_or_without_estimate_needs_a_second_person(estimate: float | None, second: str | None, state: str) -> None:
    assert states(decision("1", "按原值接受", second_by=second), estimate=estimate) == {"1": state}


def test_what_cannot_be_done_says_why() -> None:
    assert states(decision("1", "按原值接受", check="C02-unknown-unit")) == {"1": "not_waivable"}
    assert states(decision("1", row=9)) == {"1": "row_unknown"}
    assert states(decision("1", check="F10-x")) == {"1": "column_unclear"}
    assert states(decision("1", check="F10-x", new_value="ncv=41；消费量=8")) == {"1": "corrected"}
    assert states(decision("1", "按原值接受", 3, "R31-anthracite"), estimate=None) == {"1": "accepted"}
    assert states(decision("1", "按原值接受", expires_on=date(2026, 1, 31))) == {"1": "expired"}
    assert states(decision("1", "按原值接受", expires_on=date(2026, 2, 1))) == {"1": "accepted"}


def test_a_decision_about_a_check_that_its_row_does_not_fail_does_nothing() -> None:
    """Row 3 is in order: the number is mistyped. A check of the current view cannot be told here."""
    gate = frozenset({"R31-anthracite", "R10-stock-balance"})
    assert states(decision("1", "拒绝", 3, "R10-stock-balance"), checks=gate) == {"1": "check_not_found"}
    assert states(decision("1", "更正", 3, "R10-stock-balance", new_value="ncv=21"), checks=gate) == {"1": "check_not_found"}
    assert states(decision("1", "拒绝", 3, "R60-activity"), checks=gate) == {"1": "withdrawn"}
    assert states(decision("1", "拒绝", 3, ""), checks=gate) == {"1": "withdrawn"}


def test_a_decision_delivered_again_replaces_itself_and_a_contradiction_counts_for_neither() -> None:
    later = datetime(2026, 2, 3)
    first, again = decision("1"), decision("1", "拒绝", content_hash="x", received_at=later, effective=later)
    assert states(first, again) == {"1": "corrected"}
    assert states(first, again, moment=later) == {"1": "withdrawn"}
    assert states(first, decision("1", "拒绝", content_hash="x")) == {}
    assert states(decision("1", is_synthetic=True)) == {"1": "synthetic_on_real"}
