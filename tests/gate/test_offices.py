"""Faults that others made: each small delivery gives its right answer, or is held with the reason; and the comparison can tell what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.score.offices import (
    HELD,
    REFUSED,
    RIGHT,
    WRONG,
    Case,
    Outcome,
    _compare,
    _Seen,
    load_cases,
    office_bars,
    run_offices,
)

CASES = load_cases()


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """All cases in one night and one build of a few tables."""
    return {outcome.case.name: outcome for outcome in run_offices(CASES, tmp_path_factory.mktemp("offices"))}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}: {case.name}")
def test_a_delivery_as_an_office_sends_it(outcomes: dict[str, Outcome], case: Case) -> None:
    assert outcomes[case.name].result in (RIGHT, HELD), outcomes[case.name].why


def test_every_case_says_what_it_is_and_asks_for_something() -> None:
    for case in CASES:
        assert case.kind and case.zh and case.en, case.name
        assert case.right.keys() <= {"outcome", "read", "counted", "held", "told", "may_hold"}, case.name
        assert case.right.keys() & {"read", "counted", "held", "told"}, case.name


FILE = "enterprise_energy/a.csv"


@pytest.mark.parametrize(("right", "seen", "result"), [
    ({"counted": {FILE: {"柴油": [5000.0, "t"]}}}, {"counted": {FILE: {"柴油": (5000.0000001, "t")}}}, RIGHT),
    ({"counted": {FILE: {"柴油": [5000.0, "t"]}}}, {"counted": {FILE: {"柴油": (0.5, "t")}}}, WRONG),
    ({"counted": {FILE: {"柴油": [5000.0, "t"]}}}, {"counted": {FILE: {"柴油": (5000.0, "t"), "汽油": (1.0, "t")}}}, WRONG),
    ({"counted": {FILE: {"柴油": [5000.0, "t"]}}}, {"counted": {FILE: {}}}, REFUSED),
    ({"counted": {FILE: {"柴油": [5000.0, "t"]}}, "may_hold": True}, {"counted": {FILE: {}}, "held": {FILE: {2}}}, HELD),
    ({"read": {FILE: {2: {"unit": "万吨"}}}}, {"rows": {FILE: {2: {"unit": None}}}, "told": {FILE: set()}}, WRONG),
    ({"read": {FILE: {2: {"unit": "万吨"}}}}, {"rows": {}, "told": {FILE: {"F02"}}}, REFUSED),
    ({"held": {FILE: [2]}}, {"rows": {FILE: {2: {}}}, "told": {FILE: {"N01"}}}, WRONG),
    ({"held": {FILE: [2]}}, {"rows": {FILE: {}}, "told": {FILE: {"K04"}}}, HELD),
    ({"told": {FILE: ["Y05"]}}, {"told": {FILE: {"R03"}}}, WRONG),
    ({"outcome": {FILE: "accepted 1/1"}}, {"outcome": {FILE: "refused 0/1"}}, REFUSED),
])
def test_the_comparison_tells_right_from_wrong(right: dict, seen: dict, result: str) -> None:
    found = _Seen()
    for name, by_file in seen.items():
        getattr(found, name).update(by_file)
    outcome = _compare(Case("a", "kind", "习惯", "habit", Path(), right), found)
    assert outcome.result == result
    assert all(bar.met for bar in office_bars([outcome])) == (result in (RIGHT, HELD))
