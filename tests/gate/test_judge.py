"""Verdicts: what a load's outcome depends on, and what it never depends on."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.source import load_sources
from pipelines.gate.delivery import Decided, Delivery
from pipelines.gate.findings import Finding
from pipelines.gate.judge import InMemory, judge
from pipelines.gate.standard import Standard
from pipelines.gate.suite import Suite
from pipelines.gate.verdict import Judgement
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.table import Malformed

from .cases import CODES, RECEIVED, Row, base_row, delivery, known_enterprises, suite_of

OUTPUT = "enterprise_output"


def _judge(deliveries: list[Delivery], known: pl.DataFrame | None = None, limit: float = 0.5, suite: Suite | None = None) -> list[Judgement[InMemory]]:
    source = deliveries[0].source
    return judge(Standard(source, suite or suite_of(source.name), known_enterprises() if known is None else known, limit), deliveries)


def _row(**changes: str) -> Row:
    return base_row(OUTPUT, changes)


def _one(rows: list[Row], **options: datetime | bool) -> Judgement[InMemory]:
    (judgement,) = _judge([delivery(OUTPUT, rows, **options)])  # type: ignore[arg-type]
    return judgement


def _of(judgement: Judgement[InMemory], check_id: str) -> list[Finding]:
    return [f for f in judgement.load.findings if f.check_id == check_id]


def _rows(frame: pl.DataFrame) -> list[int]:
    return frame["row_no"].to_list() if len(frame) else []


def test_received_is_accepted_plus_held_in_rows_and_quantity() -> None:
    rows = [_row(item=f"产品{i}", quantity=str(q)) for i, q in enumerate([10, 20, -5, 40])]
    judgement = _one(rows)
    assert _rows(judgement.load.accepted) == [2, 3, 5]
    assert _rows(judgement.load.held) == [4]
    assert sum(judgement.load.accepted["quantity"].to_list() + judgement.load.held["quantity"].to_list()) == 65


@pytest.mark.parametrize(("bad", "refused"), [(0, False), (5, False), (6, True), (10, True)])
def test_more_than_the_allowed_share_refuses_the_load(bad: int, refused: bool) -> None:
    rows = [_row(item=f"产品{i}", quantity="-1" if i < bad else "1") for i in range(10)]
    judgement = _one(rows)
    assert (judgement.refused_by == "L17-share") == refused
    assert len(judgement.load.accepted) == (0 if refused else 10 - bad)
    if refused:
        assert _rows(judgement.load.held) == list(range(2, 12))
        named = {f.row_no for f in judgement.load.findings if f.severity == "warning"}
        assert named == set(range(2, 12))
        (load,) = [f for f in judgement.load.findings if f.severity == "critical"]
        assert f"{bad}" in load.message_zh
        assert not judgement.waiting


def test_a_row_that_came_right_is_named_when_its_whole_load_is_withdrawn() -> None:
    """The register knew its enterprise a month later: that finding ends, the row is held back by the decision alone."""
    known_from = RECEIVED + timedelta(days=30)
    load = replace(delivery(OUTPUT, [_row(uscc="NEW")]), decided=Decided(pl.DataFrame(), {}, {}, withdrawn="D1"))
    (judgement,) = _judge([load], known_enterprises(NEW=known_from))
    assert judgement.refused_by == "S02-batch-withdrawn"
    found = {f.check_id: f.holds_until for f in judgement.load.findings if f.row_no == 2}
    assert found == {"K01-unknown-enterprise": known_from, "S02-batch-withdrawn": None}


def test_malformed_lines_count_for_the_share_and_as_received() -> None:
    load = delivery(OUTPUT, [_row()])
    load.malformed = [Malformed(3, 2, 6, "x,y"), Malformed(4, 2, 6, "x,y")]
    (judgement,) = _judge([load])
    assert load.rows_received == 3
    assert judgement.refused_by == "L17-share"
    assert {f.row_no for f in _of(judgement, "F01-field-count")} == {3, 4}


def test_a_file_without_rows_and_an_unreadable_one_are_refused() -> None:
    empty = delivery(OUTPUT, [])
    broken = Delivery("broken", load_sources()[OUTPUT], RECEIVED, False, False, problem=Unreadable("L09-csv", "坏", "broken"))
    fine = delivery(OUTPUT, [_row()], "fine")
    refused = [j.refused_by for j in _judge([empty, broken, fine])]
    assert refused == ["L15-no-rows", "L09-csv", None]


def test_identical_rows_the_first_enters() -> None:
    judgement = _one([_row(item="甲"), _row(), _row(), _row(unit="t")])
    assert _rows(judgement.load.accepted) == [2, 3]
    assert {f.row_no for f in _of(judgement, "K02-duplicate-row")} == {4, 5}


def test_conflicting_rows_are_all_held() -> None:
    judgement = _one([_row(item="甲"), _row(item="乙"), _row(), _row(), _row(quantity="900")])
    assert _rows(judgement.load.accepted) == []
    assert judgement.refused_by == "L17-share"
    judgement = _one([_row(item="甲"), _row(item="乙"), _row(), _row(quantity="900")])
    assert _rows(judgement.load.accepted) == [2, 3]
    found = _of(judgement, "K03-duplicate-key")
    assert {f.row_no: (f.column_name, f.reported_value) for f in found} == {4: ("quantity", _row()["quantity"]), 5: ("quantity", "900")}
    assert all("首见于第 4 行" in f.message_zh and "first at row 4" in f.message_en for f in found)


def test_every_column_of_a_finding_has_its_value_in_the_same_place() -> None:
    judgement = _one([_row(item="甲"), _row(item="乙"), _row(quantity="5", period_kind=""), _row(quantity="900", period_kind="累计")])
    found = {f.row_no: (f.column_name, f.reported_value) for f in _of(judgement, "K03-duplicate-key")}
    assert found == {4: ("quantity;period_kind", "5;当期"), 5: ("quantity;period_kind", "900;累计")}


def test_a_month_and_a_year_are_two_keys() -> None:
    judgement = _one([_row(period="2025-01"), _row(period="2025")])
    assert len(judgement.load.accepted) == 2


def test_an_unknown_enterprise_waits_and_counts_from_the_moment_the_register_knows_it() -> None:
    load = delivery(OUTPUT, [_row(), _row(uscc="NEW")])
    (before,) = _judge([load])
    assert _rows(before.load.accepted) == [2]
    assert before.waiting
    assert _of(before, "K01-unknown-enterprise")[0].holds_until is None

    known_from = datetime(2025, 12, 20)
    (after,) = _judge([load], known_enterprises(NEW=known_from))
    assert not after.waiting
    assert after.load.accepted.select("row_no", "known_at").rows() == [(2, RECEIVED), (3, known_from)]
    assert _of(after, "K01-unknown-enterprise")[0].holds_until == known_from


def test_an_enterprise_known_before_the_delivery_gives_no_finding() -> None:
    (judgement,) = _judge([delivery(OUTPUT, [_row(uscc="NEW")])], known_enterprises(NEW=datetime(2025, 12, 15)))
    assert judgement.load.findings == []


def test_a_row_before_its_register_row_waits_for_one_that_covers_it() -> None:
    """The register has B from 2025-02-10: January is not covered, February and the year are; the row from 2020 comes later."""
    load = delivery(OUTPUT, [_row(), *(_row(uscc="B", period=period) for period in ("2025-01", "2025-02", "2025"))])
    b = pl.col("uscc") == CODES["B"]
    register = known_enterprises().with_columns(pl.when(b).then(pl.date(2025, 2, 10)).otherwise("valid_from").alias("valid_from"))
    (before,) = _judge([load], register)
    assert _rows(before.load.accepted) == [2, 4, 5] and before.waiting
    (found,) = _of(before, "K12-register-begins-later")
    assert (found.row_no, found.column_name, found.reported_value, found.holds_until) == (3, "period", "2025-01", None)
    assert "2025-02-10" in found.message_en

    later = register.filter(b).with_columns(pl.date(2020, 1, 1).alias("valid_from"), pl.lit(datetime(2025, 12, 20)).cast(pl.Datetime("us")).alias("enterprise_known_from"))
    (after,) = _judge([load], pl.concat([register, later]))
    assert after.load.accepted.sort("row_no").select("row_no", "known_at").rows() == [(2, RECEIVED), (3, datetime(2025, 12, 20)), (4, RECEIVED), (5, RECEIVED)]


def test_a_row_of_an_enterprise_that_comes_with_a_later_day_waits_for_both() -> None:
    """K01 until the register has NEW at all, K12 until it has it for the period."""
    load = delivery(OUTPUT, [_row(), _row(uscc="NEW", period="2025-01")])
    register = known_enterprises(NEW=datetime(2025, 12, 20)).with_columns(
        pl.when(pl.col("uscc") == CODES["NEW"]).then(pl.date(2025, 6, 1)).otherwise("valid_from").alias("valid_from"))
    (judgement,) = _judge([load], register)
    assert {f.check_id: f.holds_until for f in judgement.load.findings if f.severity == "warning"} == {
        "K01-unknown-enterprise": datetime(2025, 12, 20), "K12-register-begins-later": None}
    assert _rows(judgement.load.accepted) == [2]


def test_a_load_refused_for_unknown_enterprises_passes_when_enough_are_known() -> None:
    rows = [_row(item="甲"), _row(uscc="NEW"), _row(uscc="NEW", item="乙")]
    load = delivery(OUTPUT, rows)
    (before,) = _judge([load])
    assert before.refused_by == "L17-share"
    assert before.waiting

    known_from = datetime(2025, 12, 20)
    (after,) = _judge([load], known_enterprises(NEW=known_from))
    assert after.refused_by is None
    assert after.passes_from == known_from
    assert set(after.load.accepted["known_at"]) == {known_from}
    own, load_finding = _of(after, "L17-share")[1], _of(after, "L17-share")[0]
    assert (own.row_no, own.holds_until, load_finding.severity) == (2, known_from, "critical")


def test_a_row_that_is_wrong_besides_never_waits() -> None:
    judgement = _one([_row(), _row(uscc="NEW", quantity="-1")])
    assert not judgement.waiting
    (later,) = _judge([judgement.delivery], known_enterprises(NEW=datetime(2025, 12, 20)))
    assert _rows(later.load.accepted) == [2]


def test_a_future_month_counts_from_its_first_day() -> None:
    judgement = _one([_row(), _row(period="2026-02"), _row(period="2025-12")])
    assert judgement.load.accepted.select("row_no", "known_at").rows() == [
        (2, RECEIVED), (3, datetime(2026, 2, 1)), (4, RECEIVED),
    ]
    (finding,) = _of(judgement, "T01-future-period")
    assert (finding.row_no, finding.severity, finding.holds_until) == (3, "warning", datetime(2026, 2, 1))


def test_a_future_month_of_an_unknown_enterprise_waits_for_the_later_of_both() -> None:
    load = delivery(OUTPUT, [_row(), _row(uscc="NEW", period="2026-02")])
    (judgement,) = _judge([load], known_enterprises(NEW=datetime(2026, 3, 5)))
    assert judgement.load.accepted["known_at"].to_list() == [RECEIVED, datetime(2026, 3, 5)]
    (judgement,) = _judge([load], known_enterprises(NEW=datetime(2026, 1, 5)))
    assert judgement.load.accepted["known_at"].to_list() == [RECEIVED, datetime(2026, 2, 1)]


def _broken(source: str, **changes: object) -> Suite:
    suite = suite_of(source)
    rule = replace(next(r for r in suite.rules if r.id == "F10-non-negative"), **changes)  # type: ignore[arg-type]
    return replace(suite, rules=(*(r for r in suite.rules if r.id != rule.id), rule))


@pytest.mark.parametrize(
    "changes",
    [{"column": "no_such_column"}, {"expect": "expect_no_such_thing"}, {"args": {"min_value": "a"}}, {"args": {"minimum": 0}},
     {"when": "quantity >"}, {"when": "no_such_column > 1"}, {"when": "quantity.str.contains('x')"}],
    ids=str,
)
def test_an_expectation_that_cannot_be_evaluated_refuses_the_load(changes: dict) -> None:
    (judgement,) = _judge([delivery(OUTPUT, [_row()])], suite=_broken(OUTPUT, **changes))
    assert judgement.refused_by == "L16-check-error"
    assert len(judgement.load.accepted) == 0
    assert "F10-non-negative" in ((judgement.problem and judgement.problem.en) or "")


def test_what_breaks_in_one_load_does_not_refuse_another() -> None:
    suite = _broken(OUTPUT, column="no_such_column", when="quantity > 1000")
    small, large = delivery(OUTPUT, [_row()], "small"), delivery(OUTPUT, [_row(quantity="2000")], "large")
    judgements = _judge([large, small], suite=suite)
    assert [j.refused_by for j in judgements] == ["L16-check-error", None]


@pytest.mark.parametrize("changes", [{}, {"column": "no_such_column", "when": "quantity > 1000"}], ids=str)
def test_a_large_load_is_judged_in_parts_with_the_same_verdict(changes: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    suite = _broken(OUTPUT, **changes)
    load = delivery(OUTPUT, [_row(item=f"产品{i}", quantity=str(2000 if i == 9 else 5 - i % 6)) for i in range(12)])
    (whole,) = _judge([load], suite=suite)
    monkeypatch.setattr("pipelines.gate.expect._ROWS_A_PART", 5)
    (parts,) = _judge([load], suite=suite)
    assert (parts.load.findings, parts.checks, parts.refused_by) == (whole.load.findings, whole.checks, whole.refused_by)
    assert bool(changes) == (whole.refused_by == "L16-check-error")


def test_a_critical_rule_refuses_the_load_and_says_why_with_the_value() -> None:
    (judgement,) = _judge([delivery(OUTPUT, [_row(), _row(item="乙", quantity="-7")])], suite=_broken(OUTPUT, severity="critical"))
    assert judgement.refused_by == "F10-non-negative"
    assert "-7" in ((judgement.problem and judgement.problem.zh) or "")
    assert _rows(judgement.load.held) == [2, 3]


def test_one_finding_a_row_and_check() -> None:
    rows = [base_row("enterprise_energy", {"opening_stock": "-1", "sold": "x", "purchased": "y", "closing_stock": "-2"}),
            base_row("enterprise_energy", {"stream": "二"}), base_row("enterprise_energy", {"stream": "三", "ncv": "２２", "consumed": "１"})]
    (judgement,) = _judge([delivery("enterprise_energy", rows)])
    keys = [(f.row_no, f.check_id) for f in judgement.load.findings]
    assert len(keys) == len(set(keys))
    (unreadable,) = _of(judgement, "F02-unreadable")
    assert (unreadable.column_name, unreadable.reported_value) == ("purchased;sold", "y;x")
    assert {k for k, _ in keys} == {2, 4}
    assert {c["check_id"] for c in judgement.checks} >= {k for _, k in keys}


def test_findings_cite_the_value_as_delivered() -> None:
    judgement = _one([_row(), _row(item="乙", quantity="－７")])
    (finding,) = _of(judgement, "F10-non-negative")
    assert (finding.column_name, finding.reported_value) == ("quantity", "－７")
    (note,) = _of(judgement, "N01-full-width")
    assert (note.severity, note.column_name) == ("info", "quantity")


def _fingerprint(judgement: Judgement[InMemory]) -> tuple:
    accepted = judgement.load.accepted.select("row_no", "known_at").rows() if len(judgement.load.accepted) else []
    findings = sorted((f.row_no, f.check_id, f.message_zh, str(f.holds_until)) for f in judgement.load.findings)
    return judgement.refused_by, accepted, findings, judgement.checks, judgement.waiting, judgement.passes_from


_VALUES = st.fixed_dictionaries({
    "uscc": st.sampled_from(["A", "B", "NEW", "9152"]), "period": st.sampled_from(["2025-01", "2026-05", "2025", "1999-01", "?"]),
    "unit_code": st.sampled_from(["", "1#"]), "item": st.sampled_from(["水泥", "熟料"]),
    "quantity": st.sampled_from(["1", "-1", "", "１"]), "unit": st.sampled_from(["", "吨", "斤"]),
})


@settings(max_examples=8, derandomize=True)
@given(st.lists(st.lists(_VALUES, min_size=1, max_size=6), min_size=2, max_size=4), st.integers(0, 1000))
def test_together_alone_or_in_another_order_the_verdict_is_the_same(batches: list[list[Row]], seed: int) -> None:
    known = known_enterprises(NEW=datetime(2025, 12, 20))
    loads = [delivery(OUTPUT, [_row(**row) for row in rows], f"batch-{i}") for i, rows in enumerate(batches)]
    shuffled = loads.copy()
    random.Random(seed).shuffle(shuffled)
    together = {j.delivery.batch_id: _fingerprint(j) for j in _judge(loads, known)}
    again = {j.delivery.batch_id: _fingerprint(j) for j in _judge(shuffled, known)}
    alone = {load.batch_id: _fingerprint(_judge([load], known)[0]) for load in loads}
    assert together == again == alone


def test_every_held_row_has_a_warning_and_accepted_plus_held_is_received() -> None:
    rng = random.Random(7)
    rows = [_row(item=f"产品{i}", quantity=rng.choice(["1", "2", "-1", "x"]), period=rng.choice(["2025-01", "2025-13"])) for i in range(60)]
    (judgement,) = _judge([delivery(OUTPUT, rows)], limit=1.0)
    held, accepted = set(_rows(judgement.load.held)), set(_rows(judgement.load.accepted))
    assert held | accepted == set(range(2, 62))
    assert not held & accepted
    assert held <= {f.row_no for f in judgement.load.findings if f.severity == "warning"}


_JUNK = ("", "-", "x", "０", "-1", "1e299", "9999", "0001", "2025-13", "9999-12", "0001-01", "'", '"', "=1+1", "\x1b[0m", "😀", "{value}", "NULL",
         "20250101", "45717", "2025-03-01 05:00", "%", "1,234.5", "无烟煤", "电力", "520000", "ncv", "gwp", "A")


@pytest.mark.parametrize("source", list(load_sources()))
def test_whatever_stands_in_the_cells_there_is_a_verdict(source: str) -> None:
    rng = random.Random(source)
    names = [column.name for column in load_sources()[source].columns]
    rows = [base_row(source, {name: rng.choice(_JUNK) for name in rng.sample(names, rng.randint(1, len(names)))}) for _ in range(150)]
    (judgement,) = _judge([delivery(source, rows)], limit=1.0)
    assert judgement.refused_by in (None, "L17-share")
    assert set(_rows(judgement.load.held)) | set(_rows(judgement.load.accepted)) == set(range(2, 152))


def test_published_rows_are_known_from_their_own_day() -> None:
    rows = [base_row("emission_factor", {"factor_id": "a", "valid_from": "2024-04-12"}),
            base_row("emission_factor", {"factor_id": "b", "published_on": "2023-02-07", "valid_from": "2024-01-01"}),
            base_row("emission_factor", {"factor_id": "c"})]
    load = delivery("emission_factor", rows, received_at=datetime(1900, 1, 1))
    load.is_published = True
    (judgement,) = _judge([load])
    assert judgement.load.accepted["known_at"].to_list() == [datetime(2024, 4, 12), datetime(2023, 2, 7), datetime(1900, 1, 1)]


def test_delivered_figures_are_known_from_the_later_of_publication_and_receipt() -> None:
    rows = [base_row("sector_statistics", {"published_on": "2024-04-30"}),
            base_row("sector_statistics", {"published_on": "2026-04-30", "vintage": "修订"})]
    (judgement,) = _judge([delivery("sector_statistics", rows)])
    assert judgement.load.accepted["known_at"].to_list() == [RECEIVED, datetime(2026, 4, 30)]
