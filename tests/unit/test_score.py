"""The scoreboard: its arithmetic on faults worked by hand, the registry of kinds, and what it reads from a release."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.contracts.rules import reader_rules
from pipelines.demo import write_province
from pipelines.demo.faults import DEFAULT_FAULTS, Planted, Planter, read_faults
from pipelines.demo.files import Delivery
from pipelines.demo.kinds import FaultKind, load_kinds
from pipelines.demo.series import positions
from pipelines.score.card import Evidence, Finding, bars, false_alarms, next_month, score
from pipelines.score.render import as_data, as_markdown
from pipelines.score.run import Asked, Scored, catalogue, read_evidence, rule_classes, unplanted_rules
from pipelines.settings import PROJECT
from tests.conftest import Release

D = Decimal
KINDS = {
    "sign": FaultKind("sign", "负", "minus", ("s",), "caught", rules=("F10",)),
    "jump": FaultKind("jump", "突变", "jump", ("s",), "caught", rules=("R43",), also=("triangulation",)),
    "gross": FaultKind("gross", "高位", "gross", ("s",), "not_catchable", why="no trace"),
    "wide": FaultKind("wide", "全角", "wide", ("s",), "normalised", rules=("N01",)),
    "cut": FaultKind("cut", "截断", "cut", ("s",), "caught", rules=("L10",)),
}
RULES = frozenset({"F10", "R43", "R60"})


def evidence(findings: set[Finding], direct: dict[tuple[str, str, str], int], refused: set[str] = frozenset(), disagreeing: set[tuple[str, str]] = frozenset()) -> Evidence:
    return Evidence(frozenset(findings), frozenset(refused), {key: D(value) for key, value in direct.items()}, frozenset(disagreeing), 2)


def test_findings_answer_faults_and_silent_ones_cost_tonnes() -> None:
    planted = [
        Planted("s/a.csv", 2, "q", "sign", "A", "2025-01"),
        Planted("s/a.csv", 3, "q", "sign", "B", "2025-01"),      # nothing tells it
        Planted("s/a.csv", 4, "q", "jump", "C", "2025-01"),      # told on the row of the month after
        Planted("s/a.csv", 5, "q", "jump", "D", "2025-12"),      # told by the comparison of sources only
        Planted("s/a.csv", 6, "q", "gross", "E", "2025-01"),
        Planted("s/a.csv", 7, "q", "wide", "F", "2025-01"),
        Planted("s/b.xlsx", None, "", "cut"),
    ]
    stands = Finding("s/z.csv", 9, "R60", "Z", "2025-01")
    before = {("A", "2025-01", "5201"): 10, ("B", "2025-01", "5201"): 990, ("E", "2025-01", "5202"): 100, ("E", "2025-02", "5202"): 100}
    after = {**before, ("A", "2025-01", "5201"): 0, ("B", "2025-01", "5201"): 1090, ("E", "2025-01", "5202"): 104, ("E", "2025-02", "5202"): 300}
    found = {
        stands, Finding("s/a.csv", 2, "F10", "A", "2025-01"), Finding("s/c.csv", 8, "R43", "C", "2025-02"), Finding("s/a.csv", 7, "N01", "F", "2025-01"),
        Finding("s/c.csv", 8, "R43", "D", "2025-02"), Finding("s/q.csv", 8, "R43", "Q", "2025-02"),
    }
    board = score(KINDS, planted, ["cut"], evidence({stands}, before), evidence(found, after, {"s/b.xlsx"}, {("D", "2025-12")}), RULES, frozenset({"R43", "R60"}))
    caught = {(fault.kind.kind, fault.uscc): fault.caught for fault in board.faults}
    assert caught == {
        ("sign", "A"): {"F10": "gate"}, ("sign", "B"): {}, ("jump", "C"): {"R43": "current_view"}, ("jump", "D"): {"triangulation": "triangulation"},
        ("gross", "E"): {}, ("wide", "F"): {"N01": "normalised"}, ("cut", ""): {"refused": "reader"},
    }
    missed = {fault.uscc: (fault.missed_tco2e, round(fault.missed_share, 6)) for fault in board.faults if fault.missed_tco2e}
    assert missed == {"B": (D(100), 0.1), "E": (D(4), 0.04)}
    assert [fault.uscc for fault in board.above(0.001)] == ["B"]  # what cannot be caught by design is listed, not counted
    assert board.recall == pytest.approx(4 / 5)
    sign, jump, year = board.rules["F10"], board.rules["R43"], board.rules["R60"]
    assert (sign.planted, sign.recall, sign.missed_tco2e) == (1, 0.5, D(100))
    assert (jump.planted, jump.following, jump.false, jump.recall) == (0, 2, 1, 0.5)
    assert (year.false, year.precision, year.recall) == (1, 0.0, None)
    assert false_alarms([evidence({stands, Finding("s/a.csv", 1, "N01")}, {})]) == {"R60": 1}
    assert next_month("2025-12") == "2026-01"
    page = as_markdown(Scored(Asked(), board, {1: evidence({stands}, before)}, {"F10": "gate", "R60": "statistical"}))
    assert "| 100 | 10.00% | 缺口 | a gap |" in page


def test_emission_of_another_prefecture_is_missed_as_a_whole() -> None:
    kinds = {"city": FaultKind("city", "市", "city", ("r",), "not_catchable", why="a valid code")}
    board = score(
        kinds, [Planted("r/a.csv", 2, "division_code", "city", "A")], [], evidence(set(), {("A", "2025-01", "5201"): 10, ("A", "2025-02", "5201"): 30}),
        evidence(set(), {("A", "2025-01", "5203"): 10, ("A", "2025-02", "5203"): 30}), frozenset(), frozenset(),
    )
    assert (board.faults[0].missed_tco2e, board.faults[0].missed_share) == (D(40), 1.0)


READER = {check for check in reader_rules() if check[0] in "FL"}


def test_every_rule_is_planted_or_named_with_the_reason() -> None:
    """The rules of the suites, of the current view and of the reader, counted from where they stand."""
    kinds = load_kinds()
    assert set(DEFAULT_FAULTS) < set(read_faults("all")) == set(kinds)
    rules = set(rule_classes()) | READER
    planted = {rule for kind in kinds.values() for rule in (*kind.rules, *kind.also)}
    assert planted - rules == {"triangulation", "N01-full-width"}
    assert set(unplanted_rules()) == rules - planted
    assert all(why["zh"] and why["en"] for why in unplanted_rules().values())
    assert all(kind.why for kind in kinds.values() if kind.outcome == "not_catchable")
    assert all(kind.rules or kind.also for kind in kinds.values() if kind.outcome == "caught")


def test_every_number_of_the_catalogue_has_a_home() -> None:
    rules = set(rule_classes())
    tests = {path.stem for path in (PROJECT / "dbt_project" / "tests").rglob("*.sql")}
    homes = {number: set(entry.get("rules", ())) for number, entry in catalogue().items()}
    assert set().union(*homes.values()) <= rules
    assert {key for entry in (*catalogue().values(), *unplanted_rules().values()) for key in entry} == {"rules", "tests", "note", "zh", "en"}
    assert all(set(entry.get("tests", ())) <= tests and (entry.get("rules") or entry.get("note")) for entry in catalogue().values())
    assert {rule for rule in rules if re.match(r"R\d\d-", rule) and rule not in homes[rule[:3]]} == set()


def test_every_kind_can_be_planted(tmp_path: Path) -> None:
    report = write_province(tmp_path, enterprises=100, months=24, faults="all")
    assert report.unplanted == []
    rows = [(fault.uscc, fault.period, fault.kind) for fault in report.planted if fault.uscc and fault.period and not fault.file.startswith("meter")]
    assert len({(code, month) for code, month, _ in rows}) == len(set(rows))  # one fault an enterprise and month


def test_a_lasting_fault_changes_every_month_and_one_in_a_later_file_only_that() -> None:
    """Four months of one figure, the last of them labelled; and a doubled copy of a row an hour later."""
    place = positions("enterprise_power_heat")

    def month(number: int) -> Delivery:
        row = [""] * len(place)
        for name, text in {"uscc": "A", "period": f"2025-{number:02d}", "carrier": "电力", "direction": "购入", "origin": "电网", "quantity": f"{10 + number}"}.items():
            row[place[name]] = text
        return Delivery("enterprise_power_heat", f"f{number}", [row], datetime(2026, 1, number), "2025", "s", "d")

    planter = Planter({"same_power_four_months": 1}, 1, "2025-12", frozenset({"A"}), {"enterprise_power_heat": 6})
    deliveries = [month(number) for number in range(1, 7)]
    assert [planter.plant(delivery) for delivery in deliveries] == [[]] * 6
    assert [delivery.rows[0][place["quantity"]] for delivery in deliveries] == ["11", "11", "11", "11", "15", "16"]
    assert [(fault.file, fault.row_no, fault.period) for fault in planter.planted] == [("enterprise_power_heat/f4.csv", 2, "2025-04")]
    planter = Planter({"delivered_at_once": 1}, 1, "2025-12", frozenset({"A"}), {"enterprise_output": 1})
    place = positions("enterprise_output")
    row = [""] * len(place)
    row[place["uscc"]], row[place["period"]], row[place["item"]], row[place["quantity"]] = "A", "2025-01", "水泥", "100"
    first = Delivery("enterprise_output", "f", [row], datetime(2026, 1, 1), "2025", "s", "d")
    (later,) = planter.plant(first)
    assert (first.rows[0][place["quantity"]], later.rows[0][place["quantity"]], later.received_at) == ("100", "110.0", first.received_at)


def test_bars_are_met_or_said_not_to_be() -> None:
    planted = [Planted("s/a.csv", 2, "q", "sign", "A", "2025-01")]
    direct = {("A", "2025-01", "5201"): 10}
    told, false = Finding("s/a.csv", 2, "F10", "A", "2025-01"), Finding("s/z.csv", 9, "R60", "Z", "2025-01")
    classes = {"F10": "gate", "R60": "statistical"}
    board = score(KINDS, planted, [], evidence(set(), direct), evidence({told}, direct), RULES, frozenset())
    many = Evidence(frozenset({false}), frozenset(), {}, frozenset(), 1000)
    assert [bar.met for bar in bars(board, [many], classes)] == [True, True, True, True]
    assert [bar.met for bar in bars(board, [evidence({told, false}, {})], classes)] == [True, True, False, False]   # 2 enterprise-years prove no rate
    silent = score(KINDS, planted, [], evidence(set(), direct), evidence(set(), {("A", "2025-01", "5201"): 11}), RULES, frozenset())
    assert [bar.met for bar in bars(silent, [many], classes)] == [False, False, True, True]


def test_default_faults_of_the_small_province_are_all_caught(release: Release) -> None:
    found = read_evidence(release.database)
    report = write_province(release.inbox.parent / "again", seed=7, enterprises=24, months=4, until="2025-12", faults="default")
    classes = rule_classes()
    current = frozenset(rule for rule, kind in classes.items() if kind != "gate")
    board = score(load_kinds(), report.planted, report.unplanted, Evidence(frozenset(), frozenset(), found.direct), found, frozenset(classes), current)
    assert [fault for fault in board.faults if not fault.caught] == []
    assert board.recall == 1.0
    assert {rule: entry.recall for rule, entry in board.rules.items() if entry.expected and entry.recall != 1.0} == {}
    data = as_data(Scored(Asked(seed=7), board, {7: found}, classes))
    assert len(data["faults_planted"]) == len(board.faults)
